import { describe, expect, it } from 'vitest';
import { everyWay, legacyWays, modernWays, sharedWays, useEveryDoor } from './support/every-door.ts';
import type { Begun, ProtocolClient } from './support/protocol-client.ts';

const [PAGE, OTHER_PAGE, DRAFTS] = ['news://pages/1', 'news://pages/2', 'news://drafts'];
const UPDATED = 'notifications/resources/updated';
const CHANGED = 'notifications/tools/list_changed';
const MOST = 5;
const house = useEveryDoor({ MAX_CONCURRENT_SESSIONS: String(MOST) });

const announce = (client: ProtocolClient, changed: string) => client.tool('announce', { changed });
const urisHeardBy = (client: ProtocolClient) => client.heardOf(UPDATED).map(({ uri }) => uri);

/** Listens to a resource and to the list of tools, in the manner of its era; the ids of what it may end. */
async function subscribe(client: ProtocolClient, uri: string): Promise<Begun | undefined> {
  if (!client.modern) {
    const { error } = await client.request('resources/subscribe', { uri });
    if (error) throw new Error(error.message);
    return undefined;
  }
  const begun = client.begin('subscriptions/listen', {
    notifications: { toolsListChanged: true, resourceSubscriptions: [uri, DRAFTS] },
  });
  const acknowledged = 'notifications/subscriptions/acknowledged';
  await expect
    .poll(() => client.heardOf(acknowledged))
    .toContainEqual({
      // What it may not read is left out without a word.
      notifications: { toolsListChanged: true, resourceSubscriptions: [uri] },
      _meta: { 'io.modelcontextprotocol/subscriptionId': begun.id },
    });
  return begun;
}

/** Resolves when all that was announced before has been heard. */
async function settled(client: ProtocolClient): Promise<void> {
  const before = client.heardOf(CHANGED).length;
  await announce(client, 'tools');
  await expect.poll(() => client.heardOf(CHANGED).length).toBeGreaterThan(before);
}

const codeOf = async (client: ProtocolClient, uri: unknown) => {
  const { error } = await client.request('resources/subscribe', { uri });
  return error?.data?.['code'];
};

describe.each(everyWay)('a subscription at $name', (way) => {
  it('tells of what was subscribed to, and of nothing else', async () => {
    const client = await house.open(way);
    await subscribe(client, PAGE);
    for (const changed of [PAGE, OTHER_PAGE, DRAFTS]) await announce(client, changed);
    await settled(client);
    expect(urisHeardBy(client)).toEqual([PAGE]);
  });

  it('ends when its client says so, and the connection goes on', async () => {
    const client = await house.open(way);
    const begun = await subscribe(client, PAGE);
    await announce(client, PAGE);
    await expect.poll(() => urisHeardBy(client)).toEqual([PAGE]);
    if (begun) {
      await client.cancel(begun);
      await begun.answer;
      await subscribe(client, OTHER_PAGE);
    } else await client.request('resources/unsubscribe', { uri: PAGE });
    client.heard.length = 0;
    await announce(client, PAGE);
    await settled(client);
    expect(urisHeardBy(client)).toEqual([]);
  });
});

describe.each(sharedWays)('subscriptions of several clients at $name', (way) => {
  it('are told each its own, wherever the change was made', async () => {
    const [one, two] = [await house.open(way), await house.open(way)];
    const elsewhere = await house.open(sharedWays.find(({ door }) => door !== way.door)!);
    await subscribe(one, PAGE);
    await subscribe(two, OTHER_PAGE);
    for (const changed of [PAGE, OTHER_PAGE]) await announce(elsewhere, changed);
    for (const client of [one, two]) await settled(client);
    expect([urisHeardBy(one), urisHeardBy(two)]).toEqual([[PAGE], [OTHER_PAGE]]);
  });
});

describe.each(modernWays.filter(({ door }) => door !== 'mcp'))('what is listened to at $name', (way) => {
  it('is said to be over, where it does not end with its connection', async () => {
    const client = await house.open(way);
    const begun = (await subscribe(client, PAGE))!;
    await client.cancel(begun);
    expect(await begun.answer).toMatchObject({ id: begun.id, result: {} });
  });
});

describe.each(modernWays)('a client that listens at $name', (way) => {
  it('hears of nothing that it has not asked for', async () => {
    const client = await house.open(way);
    client.begin('subscriptions/listen', { notifications: { promptsListChanged: true } });
    await expect.poll(() => client.heard).toHaveLength(1);
    for (const changed of ['tools', PAGE]) await announce(client, changed);
    await client.tool('speak');
    expect(client.heard).toHaveLength(1);
  });

  it.each([[undefined], [7], [null], ['tools']])(
    'says what it wants to hear of: not %j',
    async (notifications) => {
      const client = await house.open(way);
      expect(await client.request('subscriptions/listen', { notifications })).toMatchObject({
        error: { code: -32_602, data: { code: 'INVALID_INPUT' } },
      });
    },
  );

  it('has so many subscriptions and no more, and room for another when one has ended', async () => {
    const client = await house.open(way);
    const open: Begun[] = [];
    // Of others of its principal, some may still be on their way out.
    await expect
      .poll(async () => {
        const begun = client.begin('subscriptions/listen', { notifications: {} });
        const refused = await Promise.race([begun.answer, client.tool('speak').then(() => undefined)]);
        if (!refused) open.push(begun);
        return open.length;
      })
      .toBe(MOST);
    const refused = await client.request('subscriptions/listen', { notifications: {} });
    expect(refused).toMatchObject({ error: { data: { code: 'TOO_MANY_STREAMS' } } });
    for (const begun of open) await client.cancel(begun);
    await expect
      .poll(async () => {
        const begun = client.begin('subscriptions/listen', { notifications: {} });
        const told = await Promise.race([begun.answer, client.tool('speak').then(() => undefined)]);
        await client.cancel(begun);
        return told;
      })
      .toBeUndefined();
  });
});

describe.each(legacyWays)('a client that subscribes at $name', (way) => {
  it('is refused what is not there and what it may not read, in the same words', async () => {
    const client = await house.open(way);
    const [hidden, absent] = [
      await client.request('resources/subscribe', { uri: DRAFTS }),
      await client.request('resources/subscribe', { uri: 'news://nobody' }),
    ];
    expect(absent.error).toMatchObject({ data: { code: 'NOT_FOUND' } });
    expect(hidden.error!.message).toBe(absent.error!.message);
    for (const uri of [undefined, 7, `news://pages/${'x'.repeat(3000)}`])
      expect(await codeOf(client, uri)).toBe('INVALID_INPUT');
  });

  it('has so many subscriptions and no more', async () => {
    const client = await house.open(way);
    const uris = Array.from({ length: 100 }, (_, page) => `news://pages/${page}`);
    for (const uri of uris) expect(await codeOf(client, uri)).toBeUndefined();
    expect(await codeOf(client, 'news://pages/100')).toBe('CONFLICT');
    expect(await codeOf(client, uris[99])).toBeUndefined();
    await client.request('resources/unsubscribe', { uri: uris[0] });
    expect(await codeOf(client, 'news://pages/100')).toBeUndefined();
  });
});
