import { beforeAll, describe, expect, it } from 'vitest';
import { everyWay, initialized, legacyWays, modernWays, useEveryDoor } from './support/every-door.ts';
import { LEGACY, MODERN } from './support/gateway-client.ts';
import { requestsOf } from './support/official-schema.ts';
import type { Params, ProtocolClient, Told } from './support/protocol-client.ts';

const PAGE_SIZE = 3;
const NAMESPACE = 'io.modelcontextprotocol';
const house = useEveryDoor({ MCP_LIST_PAGE_SIZE: String(PAGE_SIZE) });

const lists = [
  ['tools/list', 'tools', 'name'],
  ['prompts/list', 'prompts', 'name'],
  ['resources/list', 'resources', 'uri'],
  ['resources/templates/list', 'resourceTemplates', 'uriTemplate'],
] as const;
type List = readonly [method: string, field: string, key: string];

/** All pages of a list, as a client reads them. */
async function pagesOf(client: ProtocolClient, [method, field, key]: List): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  let cursor: unknown;
  do {
    const { result } = await client.request(method, cursor === undefined ? {} : { cursor });
    pages.push((result![field] as Record<string, unknown>[]).map((one) => one[key]));
    cursor = result!['nextCursor'];
  } while (cursor !== undefined);
  return pages;
}

function codeOf({ error }: Told): unknown {
  return error?.data?.['code'];
}

const complete = (client: ProtocolClient, ref: object, name: string, value: string) =>
  client.request('completion/complete', { ref, argument: { name, value } });
const prompt = { type: 'ref/prompt', name: 'paint_it' };
const template = { type: 'ref/resource', uri: 'desk://drawers/{drawer}' };

const progressOf = (client: ProtocolClient, token: string) =>
  client
    .heardOf('notifications/progress')
    .filter(({ progressToken }) => progressToken === token)
    .map(({ progress }) => progress);

const SPOKEN = [MODERN, LEGACY, '2025-06-18', '2025-03-26'];
const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  prompts: { listChanged: true },
  completions: {},
  logging: {},
};

describe.each(modernWays)('a client at $name', (way) => {
  it('discovers who the server is and what it can do', async () => {
    const { result } = await (await house.open(way)).request('server/discover');
    expect(result).toMatchObject({
      supportedVersions: SPOKEN,
      instructions: expect.stringContaining('audited'),
      capabilities: { ...CAPABILITIES, extensions: { [`${NAMESPACE}/tasks`]: {} } },
      resultType: 'complete',
    });
  });

  it('is told which revisions are spoken where it comes with another', async () => {
    const meta = { [`${NAMESPACE}/protocolVersion`]: '2099-01-01' };
    expect((await (await house.open(way)).request('tools/list', { _meta: meta })).error).toMatchObject({
      data: { code: 'PROTOCOL_VERSION_UNSUPPORTED', supported: SPOKEN },
    });
  });
});

describe.each(legacyWays)('a client at $name', (way) => {
  it('shakes hands, and learns who the server is and what it can do', async () => {
    const { result } = await initialized(await house.open(way));
    expect(result).toMatchObject({
      protocolVersion: LEGACY,
      serverInfo: { name: 'gatehouse' },
      instructions: expect.stringContaining('audited'),
    });
    expect(result!['capabilities']).toEqual(CAPABILITIES);
  });

  it.each([
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    ['2024-11-05', LEGACY],
    [MODERN, LEGACY],
  ])('that wants to speak %s is answered in %s', async (wanted, got) => {
    const { result } = await initialized(await house.open(way), wanted);
    expect(result).toMatchObject({ protocolVersion: got });
  });

  it('is logged to at no level that there is not', async () => {
    const client = await house.open(way);
    for (const level of ['loud', 7, undefined])
      expect(codeOf(await client.request('logging/setLevel', { level }))).toBe('INVALID_INPUT');
  });
});

describe.each(everyWay.filter(({ door }) => door !== 'mcp'))('a connection at $name', (way) => {
  it('carries the answer of a call too that lets its client go', async () => {
    const { result } = await (await house.open(way)).tool('part');
    expect(result).toMatchObject({ content: [{ type: 'text', text: 'back again' }] });
  });
});

describe.each(everyWay)('each request that the official schema has, at $name', (way) => {
  const uri = 'desk://drawers/upper';
  const params: Readonly<Record<string, Params>> = {
    'tools/call': { name: 'speak', arguments: {}, _meta: { progressToken: 'p' } },
    'prompts/get': { name: 'paint_it', arguments: { shade: 'red' } },
    'resources/read': { uri },
    'resources/subscribe': { uri },
    'resources/unsubscribe': { uri },
    'completion/complete': { ref: prompt, argument: { name: 'shade', value: 'r' } },
    'logging/setLevel': { level: 'debug' },
  };
  const experiment = ['get', 'result', 'list', 'cancel'].map((one) => `tasks/${one}`);
  /** Answered when the connection was opened, when it ends, and never. */
  const others = new Set(['initialize', 'subscriptions/listen', ...experiment]);

  // That what is said then is as the schema has it is seen wherever a client is closed.
  it('is answered', async () => {
    const client = await house.open(way);
    const methods = requestsOf(way.revision).filter((method) => !others.has(method));
    expect(methods).toHaveLength(way.revision === MODERN ? 9 : 12);
    for (const method of methods) {
      const { result } = await client.request(method, params[method]);
      expect({ method, result }).toMatchObject({ method, result: {} });
    }
  });
});

describe.each(everyWay)('the protocol at $name', (way) => {
  const { door, revision } = way;
  const modern = revision === MODERN;

  it('has the methods of its era, and no others', async () => {
    const client = await house.open(way);
    const others = modern
      ? ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']
      : ['server/discover', 'subscriptions/listen', 'tasks/get', 'tasks/update', 'tasks/cancel'];
    for (const method of [...others, 'nope/nope', 'tools/List'])
      expect((await client.request(method)).error).toMatchObject({
        code: -32_601,
        data: { code: 'METHOD_NOT_FOUND' },
      });
    expect(await client.request(modern ? 'server/discover' : 'ping')).toHaveProperty('result');
  });

  describe('a list', () => {
    /** As the first door shows it. */
    const expected = new Map<string, unknown[]>();
    beforeAll(async () => {
      const first = await house.open({ ...everyWay[0]!, revision });
      for (const list of lists) expected.set(list[0], (await pagesOf(first, list)).flat());
    });

    it.each(lists)('comes in pages, which together are what it is at each door: %s', async (...list) => {
      const pages = await pagesOf(await house.open(way), list);
      expect(pages.flat()).toEqual(expected.get(list[0]));
      expect(new Set(pages.flat()).size).toBe(pages.flat().length);
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(PAGE_SIZE);
      expect(pages.at(-1)!.length).toBeLessThanOrEqual(PAGE_SIZE);
    });

    it('has no page for a cursor that was not given out for it', async () => {
      const client = await house.open(way);
      const { result } = await client.request('tools/list');
      for (const cursor of ['', 'x', 7, null, {}])
        expect((await client.request('tools/list', { cursor })).error).toMatchObject({ code: -32_602 });
      const foreign = await client.request('prompts/list', { cursor: result!['nextCursor'] });
      expect(foreign.error).toMatchObject({ code: -32_602, data: { code: 'INVALID_INPUT' } });
    });
  });

  describe('a completion', () => {
    it.each([
      [prompt, 'shade', 'r', { values: ['red', 'rose'], total: 2, hasMore: false }],
      [prompt, 'shade', 'RO', { values: ['rose'], total: 1, hasMore: false }],
      [prompt, 'shade', 'green', { values: [], total: 0, hasMore: false }],
      [prompt, 'size', '', { values: [], total: 0, hasMore: false }],
      [template, 'drawer', '', { values: ['upper', 'lower'], total: 2, hasMore: false }],
    ])('of %j, argument %s, that begins with %j', async (ref, name, value, completion) => {
      const { result } = await complete(await house.open(way), ref, name, value);
      expect(result).toMatchObject({ completion });
    });

    it('names a hundred values at most, and says that there are more', async () => {
      const { result } = await complete(await house.open(way), prompt, 'shade', 'grey');
      expect(result).toMatchObject({ completion: { total: 120, hasMore: true } });
      expect((result!['completion'] as { values: string[] }).values).toHaveLength(100);
    });

    it('is refused where there is nothing to complete, or nothing for its caller', async () => {
      const client = await house.open(way);
      const hidden = await complete(client, { type: 'ref/prompt', name: 'wipe' }, 'shade', '');
      const absent = await complete(client, { type: 'ref/prompt', name: 'wise' }, 'shade', '');
      expect(codeOf(absent)).toBe('NOT_FOUND');
      expect({ ...hidden.error, data: undefined }).toEqual({ ...absent.error, data: undefined });
      for (const [ref, argument] of [
        ['paint_it', { name: 'shade', value: '' }],
        [prompt, { name: 'shade' }],
        [prompt, undefined],
      ]) {
        const refused = await client.request('completion/complete', { ref, argument });
        expect(codeOf(refused)).toBe('INVALID_INPUT');
      }
    });
  });

  describe('what a call says before it answers', () => {
    it('is how far it is, to whoever gave it a token, before the answer', async () => {
      const client = await house.open(way);
      const calls = ['one', 'two'].map(async (progressToken) => {
        const answer = await client.tool('speak', {}, { _meta: { progressToken } });
        return [answer.result, progressOf(client, progressToken)];
      });
      const result = expect.objectContaining({ content: [{ type: 'text', text: 'spoken' }] }) as unknown;
      expect(await Promise.all(calls)).toEqual([
        [result, [1, 2, 3]],
        [result, [1, 2, 3]],
      ]);
      await client.tool('speak');
      expect(client.heardOf('notifications/progress')).toHaveLength(6);
    });

    it('is what it logs, from the level on that its client has asked for', async () => {
      const client = await house.open(way);
      const levels = async (level: string | undefined) => {
        client.heard.length = 0;
        if (!modern && level !== undefined) await client.request('logging/setLevel', { level });
        const meta = modern && level !== undefined ? { [`${NAMESPACE}/logLevel`]: level } : {};
        await client.tool('speak', {}, { _meta: meta });
        return client.heardOf('notifications/message');
      };
      expect(await levels(undefined)).toEqual([]);
      expect(await levels('error')).toEqual([{ level: 'error', logger: 'speaker', data: 'at error' }]);
      expect((await levels('debug')).map((one) => one['level'])).toEqual(['debug', 'info', 'error']);
      expect(await levels('emergency')).toEqual([]);
    });
  });

  it('gives up what its client has cancelled: no answer, one record', async () => {
    const client = await house.open(way);
    const cancelled = () =>
      house.recordsAt(door).filter(({ operation, code }) => operation === 'wait' && code === 'CANCELLED')
        .length;
    const before = cancelled();
    const waiting = client.begin('tools/call', {
      name: 'wait',
      arguments: { milliseconds: 60_000 },
      _meta: { progressToken: 'w' },
    });
    const other = client.tool('wait', { milliseconds: 50 });
    expect((await other).result).toMatchObject({ structuredContent: { waited: 50 } });
    await client.cancel(waiting);
    await expect.poll(cancelled).toBe(before + 1);
    expect(await client.tool('wait', { milliseconds: 0 })).toHaveProperty('result');
    await client.close();
    expect((await waiting.answer)?.result).toBeUndefined();
    expect(cancelled()).toBe(before + 1);
  });

  it('cancels nothing for a word that names no call of its client', async () => {
    const client = await house.open(way);
    const waiting = client.tool('wait', { milliseconds: 200 });
    for (const requestId of [undefined, null, 'none', -1, {}])
      await client.notify('notifications/cancelled', { requestId });
    expect(await waiting).toMatchObject({ result: { structuredContent: { waited: 200 } } });
  });
});
