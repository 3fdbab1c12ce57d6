import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Changes } from '#mcp';
import { databases } from '#testing';
import { NewsModule } from './fixtures/news.module.ts';
import { SlowModule, SlowTools } from './fixtures/slow.module.ts';
import { MODERN, type Answer } from './support/gateway-client.ts';
import { useGateway, type KeyOptions, type TestGateway } from './support/gateway.ts';
import { SessionClient, Listening } from './support/session-client.ts';

const features = [NewsModule, SlowModule];
const GONE = { status: 404, code: 'SESSION_NOT_FOUND' };
const THERE = { status: 200, code: undefined };

async function issuedBy({ client }: TestGateway): Promise<{ id: string; key: string }> {
  const { body } = await client.rest('/admin/keys', { body: { name: 'of a test', role: 'service' } });
  return body as { id: string; key: string };
}

/** The stream of a call that waits for an answer. */
async function interview(by: SessionClient): Promise<Listening> {
  const call = { id: 5, method: 'tools/call', params: { name: 'interview', arguments: {} } };
  return new Listening((await by.send(call, { session: await by.open() })).body!);
}

/** The ids of the questions that a stream has asked, in order. */
function questionsIn({ text }: Listening): string[] {
  return [...text.matchAll(/"id":"(ask-[^"]+)"/g)].map(([, id]) => id!);
}

function answerOf(id: string | undefined, name: string): object {
  return { id, result: { action: 'accept', content: { name } } };
}

/** `ok`, or the code of the error. */
async function subscribe(by: SessionClient, session: string, uri: string): Promise<string> {
  const response = await by.send({ id: 3, method: 'resources/subscribe', params: { uri } }, { session });
  const { result, error } = (await response.json()) as {
    result?: object;
    error?: { data: { code: string } };
  };
  return result ? 'ok' : error!.data.code;
}

describe('a session', () => {
  const gateway = useGateway(databases[0]!, { features, env: { MAX_CONCURRENT_SESSIONS: '2' } });
  const client = async (options?: KeyOptions): Promise<SessionClient> =>
    new SessionClient(gateway().client, await gateway().createKey(options));

  it('has an id that nobody guesses', async () => {
    const one = await client();
    const ids = [await one.open(), await one.open()];
    for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  const messages = [
    ['a request', 'POST', { id: 2, method: 'tools/list' }],
    ['a notification', 'POST', { method: 'notifications/initialized' }],
    ['an answer', 'POST', { id: 'ask-1', result: { action: 'decline' } }],
    ['GET', 'GET', undefined],
    ['DELETE', 'DELETE', undefined],
  ] as const;
  it.each(messages)('is not there for another than its owner: %s', async (_, method, message) => {
    const [owner, other] = [await client(), await client({ role: 'admin' })];
    const session = await owner.open();
    for (const [who, id] of [
      [other, session],
      [owner, 'no-such-session'],
    ] as const) {
      const response = await who.send(message, { method, session: id });
      expect(response.status).toBe(404);
      await response.arrayBuffer();
    }
    expect(await owner.ping(session)).toEqual(THERE);
  });

  it('belongs to whom the key belongs, so that a key can be rotated meanwhile', async () => {
    const { id, key } = await issuedBy(gateway());
    const session = await new SessionClient(gateway().client, key).open();
    const { body } = await gateway().client.rest(`/admin/keys/${id}/rotate`, { body: {} });
    const successor = new SessionClient(gateway().client, (body as { key: string }).key);
    expect(await successor.ping(session)).toEqual(THERE);
  });

  it('needs a credential like anything else', async () => {
    const session = await (await client()).open();
    const response = await new SessionClient(gateway().client, 'wrong').send(
      { id: 2, method: 'tools/list' },
      { session },
    );
    expect(response.status).toBe(401);
  });

  it('is over when its client ends it, and so are its streams', async () => {
    const owner = await client();
    const session = await owner.open();
    const stream = await owner.listen(session);
    expect((await owner.send(undefined, { method: 'DELETE', session })).status).toBe(202);
    await stream.ended;
    expect(await owner.ping(session)).toEqual(GONE);
  });

  it('ends when its client opens more than it may: the one that rested longest', async () => {
    const [owner, other] = [await client(), await client()];
    const elsewhere = await other.open();
    const [first, second] = [await owner.open(), await owner.open()];
    expect(await owner.ping(first)).toEqual(THERE);
    const third = await owner.open();
    expect(await owner.ping(second)).toEqual(GONE);
    for (const session of [first, third]) expect(await owner.ping(session)).toEqual(THERE);
    expect(await other.ping(elsewhere)).toEqual(THERE);
  });

  it('takes no answer to what it has not asked', async () => {
    const owner = await client();
    const session = await owner.open();
    expect((await owner.send({ id: 'ask-1', result: {} }, { session })).status).toBe(400);
  });

  it('takes answers from nobody else, though another may know the id of the question', async () => {
    const [owner, other] = [await client(), await client()];
    const session = await owner.open();
    const call = { id: 5, method: 'tools/call', params: { name: 'interview', arguments: {} } };
    const asked = new Listening((await owner.send(call, { session })).body!);
    await vi.waitFor(() => expect(asked.text).toContain('elicitation/create'));
    const [question] = questionsIn(asked);
    expect((await other.send(answerOf(question, 'Eve'), { session })).status).toBe(404);
    expect((await owner.send(answerOf(question, 'Ann'), { session })).status).toBe(202);
    await asked.ended;
    expect(asked.text).toContain('Ann');
    expect(asked.text).not.toContain('Eve');
  });

  it('waits for no more answers to a call once one of its questions was refused', async () => {
    const owner = await client();
    const session = await owner.open();
    const call = { id: 5, method: 'tools/call', params: { name: 'survey', arguments: {} } };
    const asked = new Listening((await owner.send(call, { session })).body!);
    await vi.waitFor(() => expect(questionsIn(asked)).toHaveLength(2));
    const [first, second] = questionsIn(asked);
    const refusal = { id: first, error: { code: -1, message: 'no' } };
    expect((await owner.send(refusal, { session })).status).toBe(202);
    await asked.ended;
    const late = { id: second, result: { action: 'decline' } };
    expect((await owner.send(late, { session })).status).toBe(400);
  });

  it('lets its client cancel what it has asked for, and nobody else', async () => {
    const [owner, other] = [await client(), await client()];
    const session = await owner.open();
    const call = { id: 5, method: 'tools/call', params: { name: 'interview', arguments: {} } };
    const asked = new Listening((await owner.send(call, { session })).body!);
    const cancel = { method: 'notifications/cancelled', params: { requestId: 5 } };
    expect((await other.send(cancel, { session })).status).toBe(404);
    expect(asked.text).not.toContain('CANCELLED');
    expect((await owner.send(cancel, { session })).status).toBe(202);
    await asked.ended;
    expect(asked.text).toContain('CANCELLED');
  });

  it('keeps no more of what its client can do than anyone needs to say', async () => {
    const owner = await client();
    const response = await owner.initialize({ experimental: { filler: 'x'.repeat(20_000) } });
    const { error } = (await response.json()) as { error: { data: { code: string }; message: string } };
    expect(error).toMatchObject({ data: { code: 'INVALID_INPUT' } });
    expect(response.headers.get('mcp-session-id')).toBeNull();
  });
});

describe('a subscription of a session', () => {
  const gateway = useGateway(databases[0]!, { features, env: { RATE_LIMIT_CLIENT_MAX: '10000' } });
  const client = async (options?: KeyOptions): Promise<SessionClient> =>
    new SessionClient(gateway().client, await gateway().createKey(options));

  it('tells those who subscribed, and nobody else', async () => {
    const [owner, other] = [await client(), await client()];
    const sessions = [await owner.open(), await other.open()] as const;
    const streams = [await owner.listen(sessions[0]), await other.listen(sessions[1])] as const;
    expect(await subscribe(owner, sessions[0], 'news://pages/1')).toBe('ok');
    gateway().gateway.app.get(Changes).resourceUpdated('news://pages/1');
    gateway().gateway.app.get(Changes).resourceUpdated('news://pages/2');
    gateway().gateway.app.get(Changes).listChanged('tools');
    await vi.waitFor(() => expect(streams[0].text).toContain('tools/list_changed'));
    await vi.waitFor(() => expect(streams[1].text).toContain('tools/list_changed'));
    expect(streams[0].text).toContain('news://pages/1');
    expect(streams[0].text).not.toContain('news://pages/2');
    expect(streams[1].text).not.toContain('news://');
    await Promise.all(streams.map((stream) => stream.close()));
  });

  it('is refused for a resource that its caller may not read, as for one that is not there', async () => {
    const owner = await client({ role: 'employee' });
    const session = await owner.open();
    for (const uri of ['news://drafts', 'news://nothing'])
      expect(await subscribe(owner, session, uri)).toBe('NOT_FOUND');
  });

  it('is one of so many, each of so many characters', async () => {
    const owner = await client();
    const session = await owner.open();
    for (let page = 0; page < 100; page++)
      expect(await subscribe(owner, session, `news://pages/${page}`)).toBe('ok');
    expect(await subscribe(owner, session, 'news://pages/100')).toBe('CONFLICT');
    expect(await subscribe(owner, session, 'news://pages/99')).toBe('ok');
    const another = await owner.open();
    expect(await subscribe(owner, another, `news://pages/${'x'.repeat(3000)}`)).toBe('INVALID_INPUT');
  });
});

describe('sessions that nobody uses', () => {
  const TIMEOUT_MS = 1000;
  const gateway = useGateway(databases[0]!, {
    features,
    env: { SESSION_TIMEOUT: String(TIMEOUT_MS), MAX_SESSIONS: '4' },
  });

  it('end after their time; those in use do not', async () => {
    const owner = new SessionClient(gateway().client, await gateway().createKey());
    const [resting, listening, calling] = [await owner.open(), await owner.open(), await owner.open()];
    const stream = await owner.listen(listening);
    const params = { name: 'wait', arguments: { milliseconds: 2.5 * TIMEOUT_MS, heeds: true } };
    const call = owner.send({ id: 9, method: 'tools/call', params }, { session: calling });
    await vi.waitFor(() => expect(gateway().gateway.app.get(SlowTools).calls).toHaveLength(1));
    await sleep(1.8 * TIMEOUT_MS);
    expect(await owner.ping(resting)).toEqual(GONE);
    expect(await owner.ping(listening)).toEqual(THERE);
    expect(await owner.ping(calling)).toEqual(THERE);
    expect((await call).status).toBe(200);
    await stream.close();
    await sleep(1.8 * TIMEOUT_MS);
    expect(await owner.ping(listening)).toEqual(GONE);
    expect(await owner.ping(calling)).toEqual(GONE);
  });

  it('make room when there are too many of all clients together', async () => {
    const clients = await Promise.all(
      Array.from({ length: 5 }, async () => new SessionClient(gateway().client, await gateway().createKey())),
    );
    const sessions: string[] = [];
    for (const one of clients) sessions.push(await one.open());
    const found = await Promise.all(clients.map((one, index) => one.ping(sessions[index]!)));
    expect(found).toEqual([GONE, THERE, THERE, THERE, THERE]);
  });
});

describe('a stream that stays open', () => {
  const DAY_MS = 86_400_000;
  const CHECK_MS = 15_000;
  // Before the gateway starts its clocks: nobody waits for a quarter of a minute, or for a key to expire.
  beforeAll(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] }));
  afterAll(() => void vi.useRealTimers());
  const gateway = useGateway(databases[0]!, { features });

  const ways = [
    ['GET of a session', async (by: SessionClient) => by.listen(await by.open())],
    ['subscriptions/listen', (by: SessionClient) => subscription(by)],
    ['a call that waits for its client', (by: SessionClient) => interview(by)],
  ] as const;

  it.each(ways)('ends when its key is revoked: %s', async (_, openStream) => {
    const { id, key } = await issuedBy(gateway());
    const stream = await openStream(new SessionClient(gateway().client, key));
    const stays = await openStream(new SessionClient(gateway().client, await gateway().createKey()));
    const revoked = await gateway().client.rest(`/admin/keys/${id}`, { method: 'DELETE' });
    expect(revoked.status).toBe(200);
    vi.advanceTimersByTime(CHECK_MS);
    await stream.ended;
    expect(await Promise.race([stays.ended.then(() => 'ended'), sleep(100, 'open')])).toBe('open');
    await stays.close();
  });

  it.each(ways)('ends when its key expires: %s', async (_, openStream) => {
    const key = await gateway().createKey({ expires_in_days: 1 });
    const stream = await openStream(new SessionClient(gateway().client, key));
    vi.setSystemTime(Date.now() + 2 * DAY_MS);
    vi.advanceTimersByTime(CHECK_MS);
    await stream.ended;
    expect((await new SessionClient(gateway().client, key).initialize()).status).toBe(401);
  });

  it('is one of so many of its client', async () => {
    const client = new SessionClient(gateway().client, await gateway().createKey());
    const streams: Listening[] = [];
    while (streams.length < 10) streams.push(await subscription(client));
    const refused: Answer = await gateway().client.rpc(
      'subscriptions/listen',
      { notifications: {} },
      { key: client.key },
    );
    expect(refused).toMatchObject({ status: 429, body: { error: { data: { code: 'TOO_MANY_STREAMS' } } } });
    await Promise.all(streams.map((stream) => stream.close()));
  });

  it('hears of resources whose URIs are of a length that may be kept, and of no others', async () => {
    const client = new SessionClient(gateway().client, await gateway().createKey());
    const [kept, tooLong] = ['news://pages/1', `news://pages/${'x'.repeat(3000)}`];
    const stream = await subscription(client, { resourceSubscriptions: [tooLong, kept] });
    await vi.waitFor(() => expect(stream.text).toContain(kept));
    expect(stream.text.length).toBeLessThan(1000);
    await stream.close();
  });

  async function subscription(
    { key }: SessionClient,
    notifications: object = { toolsListChanged: true },
  ): Promise<Listening> {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': MODERN,
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = { notifications, _meta: meta };
    const response = await fetch(new URL('/mcp', gateway().client.url), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': MODERN,
        'mcp-method': 'subscriptions/listen',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params }),
    });
    expect(response.status).toBe(200);
    return new Listening(response.body!);
  }
});
