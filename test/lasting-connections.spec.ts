import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Changes } from '#mcp';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { NewsModule } from './fixtures/news.module.ts';
import { SlowModule, SlowTools } from './fixtures/slow.module.ts';
import { TalkModule } from './fixtures/talk.module.ts';
import { auditRecords, journalEntries } from './support/audit-records.ts';
import { LEGACY, MODERN } from './support/gateway-client.ts';
import { ADMIN_KEY, bootGateway, useGateway, type TestGateway } from './support/gateway.ts';
import type { SocketClient } from './support/socket-client.ts';
import { openSocket, type SocketDoorName } from './support/socket-transport.ts';

const TIMEOUT_MS = 1_500;
const IDLE_MS = 2_000;
const doors: readonly SocketDoorName[] = ['ws', 'tcp'];
const features = [EchoModule, SlowModule, NewsModule, TalkModule];
const env = {
  REQUEST_TIMEOUT_MS: String(TIMEOUT_MS),
  WS_CONNECTION_TIMEOUT: String(IDLE_MS),
  RATE_LIMIT_CLIENT_MAX: '1000000',
  RATE_LIMIT_ADDRESS_MAX: '1000000',
  RATE_LIMIT_GLOBAL_MAX: '1000000',
};
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

const open: SocketClient[] = [];
afterEach(async () => {
  for (const client of open) client.drop();
  await Promise.all(open.splice(0).map((client) => client.over));
});
const tool = (client: SocketClient, name: string, input: object) =>
  client.request('tools/call', { name, arguments: input });
const initialize = (client: SocketClient) =>
  client.request('initialize', {
    protocolVersion: LEGACY,
    capabilities: { elicitation: {} },
    clientInfo: { name: 'test', version: '1' },
  });
const notify = (client: SocketClient, method: string, params: object) =>
  client.send(JSON.stringify({ jsonrpc: '2.0', method, params }));

/** TCP has no words for why it ends. */
const saidBy = (door: SocketDoorName, reason: string) => (door === 'ws' ? { code: 1001, reason } : undefined);

async function figureOf({ managementClient }: TestGateway, door: SocketDoorName): Promise<number> {
  const { body } = await managementClient.rest('/metrics');
  return Number(new RegExp(`concurrent_connections\\{type="${door}"\\} (\\d+)`).exec(body as string)?.[1]);
}

describe.each(doors)('a connection at door %s', (door) => {
  const gateway = useGateway(databases[0]!, { features, env });
  const connected = async (key?: string) => {
    const client = await openSocket(gateway(), door, key ?? (await gateway().createKey()));
    open.push(client);
    return client;
  };
  const endings = () =>
    journalEntries(gateway().dataDir).filter((one) => /^connection_(closed|timeout)$/.test(one.event));

  it('is a session of a client of 2025, which hears of changes, and ends with it', async () => {
    const client = await connected();
    expect(await tool(client, 'echo', { text: 'before' })).toMatchObject({ result: {} });
    expect(await client.request('resources/subscribe', { uri: 'news://pages/1' })).toMatchObject({
      error: { data: { code: 'SESSION_NOT_FOUND' } },
    });
    expect(await initialize(client)).toMatchObject({ result: { protocolVersion: LEGACY } });
    expect(await client.request('resources/subscribe', { uri: 'news://pages/1' })).toMatchObject({
      result: {},
    });
    gateway().gateway.app.get(Changes).resourceUpdated('news://pages/1');
    gateway().gateway.app.get(Changes).resourceUpdated('news://pages/2');
    gateway().gateway.app.get(Changes).listChanged('tools');
    await expect
      .poll(() => client.told.filter(({ method }) => method !== undefined))
      .toMatchObject([
        { method: 'notifications/resources/updated', params: { uri: 'news://pages/1' } },
        { method: 'notifications/tools/list_changed' },
      ]);
  });

  it('asks a client of 2025, also about many things at once', async () => {
    const client = await connected();
    client.onAsked = () => ({ action: 'accept', content: { name: 'Ana' } });
    await initialize(client);
    const answers = await Promise.all(Array.from({ length: 20 }, () => tool(client, 'interview', {})));
    for (const answer of answers) expect(JSON.stringify(answer)).toContain('Ana');
  });

  it('is listened on by a client of 2026, until it has heard enough', async () => {
    const client = await connected();
    const notifications = { resourceSubscriptions: ['news://pages/1'] };
    const over = client.request('subscriptions/listen', { notifications, _meta: META });
    await expect
      .poll(() => client.told)
      .toMatchObject([{ method: 'notifications/subscriptions/acknowledged' }]);
    gateway().gateway.app.get(Changes).resourceUpdated('news://pages/1');
    await expect.poll(() => client.told[1]).toMatchObject({ method: 'notifications/resources/updated' });
    // Whoever listens is not idle.
    await sleep(IDLE_MS + 500);
    notify(client, 'notifications/cancelled', { requestId: 1, _meta: META });
    expect(await over).toMatchObject({ id: 1, result: {} });
  });

  it.each([MODERN, LEGACY])(
    'gives up a call that its client has cancelled, in revision %s',
    async (revision) => {
      const client = await connected();
      const meta = revision === MODERN ? { _meta: META } : {};
      const calls = gateway().gateway.app.get(SlowTools).calls;
      const before = calls.length;
      const answer = client.request('tools/call', {
        name: 'wait',
        arguments: { milliseconds: 60_000 },
        ...meta,
      });
      await expect.poll(() => calls.length).toBe(before + 1);
      notify(client, 'notifications/cancelled', { requestId: 1, ...meta });
      await expect.poll(() => calls.at(-1)!.signal).toMatchObject({ aborted: true });
      const { id } = calls.at(-1)!;
      const records = () => auditRecords(gateway().dataDir).filter(({ correlation_id: one }) => one === id);
      await expect.poll(records).toMatchObject([{ code: 'CANCELLED', result: 'refused', severity: 'LOW' }]);
      // Nobody waits for an answer any more, and none comes.
      await client.request('ping');
      client.drop();
      expect(await answer).toBeUndefined();
    },
  );

  it('answers a call that takes too long with TIMED_OUT, and goes on', async () => {
    const client = await connected();
    const late = tool(client, 'wait', { milliseconds: 60_000, heeds: false });
    expect(await tool(client, 'echo', { text: 'meanwhile' })).toMatchObject({ result: {} });
    const { error } = (await late)!;
    expect(error).toMatchObject({ data: { code: 'TIMED_OUT' } });
    const records = auditRecords(gateway().dataDir);
    expect(records.filter(({ correlation_id: id }) => id === error!.data!['correlation_id'])).toMatchObject([
      { code: 'TIMED_OUT', door, result: 'failed' },
    ]);
    expect(await client.request('ping')).toMatchObject({ result: {} });
  });

  it('cancels what runs when its client goes, and each call has its record', async () => {
    const client = await connected();
    const { calls } = gateway().gateway.app.get(SlowTools);
    const before = calls.length;
    for (const heeds of [true, false]) void tool(client, 'wait', { milliseconds: 60_000, heeds });
    await expect.poll(() => calls.length).toBe(before + 2);
    client.vanish();
    const own = new Set(calls.slice(before).map(({ id }) => id));
    const records = () => auditRecords(gateway().dataDir).filter(({ correlation_id: id }) => own.has(id));
    await expect.poll(records).toMatchObject([{ code: 'CANCELLED' }, { code: 'CANCELLED' }]);
  });

  it('takes in no more than it can answer: a client that sends and does not read is held back', async () => {
    const client = await connected();
    const socket = client.raw;
    socket.pause();
    const { calls } = gateway().gateway.app.get(SlowTools);
    const before = calls.length;
    // Of these, 64 run at a time, and the others wait with their client.
    const answers = Array.from({ length: 200 }, () => tool(client, 'wait', { milliseconds: 300 }));
    await expect.poll(() => calls.length).toBe(before + 64);
    expect(calls.length - before).toBe(64);
    socket.resume();
    const told = await Promise.all(answers);
    expect(told.filter((answer) => answer?.result)).toHaveLength(200);
  });

  it('answers at length whoever reads slowly, and loses nothing', async () => {
    const client = await connected();
    const socket = client.raw;
    const answers = Array.from({ length: 100 }, () => tool(client, 'fill', { characters: 100_000 }));
    for (let pause = 0; pause < 20; pause++) {
      socket.pause();
      await sleep(5);
      socket.resume();
      await sleep(5);
    }
    const told = await Promise.all(answers);
    expect(told.filter((answer) => answer?.result)).toHaveLength(100);
  });

  it('is cut when its client does not read at all', async () => {
    const client = await connected();
    client.raw.pause();
    for (let call = 0; call < 100; call++) void tool(client, 'fill', { characters: 500_000 });
    await expect
      .poll(() => endings().at(-1), { timeout: 10_000 })
      .toMatchObject({ event: 'connection_timeout', notes: { reason: 'The client does not read' } });
    await expect.poll(() => gateway().gateway.app.get(SlowTools).calls.length).toBeDefined();
  });

  it('is cut when its client does not read what it is told unasked, before that fills the memory', async () => {
    const client = await connected();
    client.raw.pause();
    const before = process.memoryUsage();
    const params = { name: 'talk', arguments: { count: 100_000, characters: 1_000 } };
    client.send(
      JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { ...params, _meta: { ...META, progressToken: 1 } },
      }),
    );
    await expect
      .poll(() => endings().at(-1), { timeout: 10_000 })
      .toMatchObject({ notes: { reason: 'The client does not read', calls: 1 } });
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(150_000_000);
  });

  it('ends when nothing happens on it', async () => {
    const before = performance.now();
    const client = await connected();
    const ended = await client.over;
    expect(performance.now() - before).toBeGreaterThan(IDLE_MS - 500);
    expect(ended).toEqual(saidBy(door, 'Idle for too long'));
    await expect
      .poll(() => endings().at(-1))
      .toMatchObject({ event: 'connection_timeout', door, notes: { reason: 'Idle for too long' } });
  });

  it('is counted while it is open', async () => {
    await expect.poll(() => figureOf(gateway(), door)).toBe(0);
    const clients = [await connected(), await connected()];
    expect(await figureOf(gateway(), door)).toBe(2);
    for (const client of clients) client.drop();
    await expect.poll(() => figureOf(gateway(), door)).toBe(0);
  });
});

describe.each(doors)('a gateway that ends, with open connections at door %s', (door) => {
  it('answers what runs, says why it goes, and leaves a record of all', async () => {
    const gateway = await bootGateway(databases[0]!, {
      features,
      env: { ...env, REQUEST_TIMEOUT_MS: '5000' },
    });
    const idle = await openSocket(gateway, door, ADMIN_KEY);
    const busy = await openSocket(gateway, door, ADMIN_KEY);
    const listening = await openSocket(gateway, door, ADMIN_KEY);
    const answers = [1, 2, 3].map(() => tool(busy, 'wait', { milliseconds: 500 }));
    const heard = listening.request('subscriptions/listen', {
      notifications: { toolsListChanged: true },
      _meta: META,
    });
    await expect.poll(() => gateway.gateway.app.get(SlowTools).calls.length).toBe(3);
    await expect.poll(() => listening.told.length).toBe(1);
    const { dataDir } = gateway;
    const started = performance.now();
    await gateway.gateway.close();
    expect(performance.now() - started).toBeLessThan(4_000);
    expect((await Promise.all(answers)).filter((answer) => answer?.result)).toHaveLength(3);
    expect(await heard).toMatchObject({ result: {} });
    const closed = await Promise.all([idle.over, busy.over, listening.over]);
    expect(closed).toEqual(closed.map(() => saidBy(door, 'The server is shutting down')));
    const entries = journalEntries(dataDir);
    const ended = entries.filter(({ event }) => event === 'connection_closed');
    expect(ended.map(({ notes }) => (notes as { reason: string }).reason)).toEqual(
      ['', '', ''].map(() => 'The server is shutting down'),
    );
    expect(entries.at(-1)).toMatchObject({ event: 'server_shutdown' });
    await gateway.close();
  });
});
