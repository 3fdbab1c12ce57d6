import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { auditRecords, journalEntries } from './support/audit-records.ts';
import { useGateway } from './support/gateway.ts';
import { head, RawConnection } from './support/raw-connection.ts';
import { refusedUpgrade, WebSocketClient } from './support/socket-client.ts';

const TOKEN = 'ws-token-0123456789-abcdefghijklmnopq';
const PAGE = 'https://good.test';
const MOST = 100;
const gateway = useGateway(databases[0]!, {
  features: [EchoModule],
  env: {
    WS_AUTH_TOKEN: TOKEN,
    RATE_LIMIT_TIERS: 'free=2/100',
    RATE_LIMIT_CLIENT_MAX: '100000',
    CORS_ENABLED: 'true',
    CORS_ALLOWED_ORIGINS: PAGE,
  },
});
const open: WebSocketClient[] = [];
afterEach(async () => {
  for (const client of open) client.drop();
  await Promise.all(open.splice(0).map((client) => client.over));
});

type Options = Parameters<typeof WebSocketClient.open>[1];
const url = (path = '/ws') => `ws://127.0.0.1:${gateway().gateway.webSocketPort}${path}`;
const apiUrl = () => `${gateway().client.url.replace('http', 'ws')}/ws`;

async function connected(options?: Options, at = url()): Promise<WebSocketClient> {
  const client = await WebSocketClient.open(at, options);
  open.push(client);
  return client;
}

const echo = (client: WebSocketClient, text: string) =>
  client.request('tools/call', { name: 'echo', arguments: { text } });
const eventsOf = (event: string) =>
  journalEntries(gateway().dataDir).filter((entry) => entry.event === event && entry['door'] === 'ws');

describe('a WebSocket', () => {
  it.each([
    ['on its own port', () => url()],
    ['on its own port, without a path', () => url('/')],
    ['at /ws of the API', apiUrl],
  ])('carries calls and their answers %s', async (_, at) => {
    const client = await connected({ key: await gateway().createKey() }, at());
    expect(client.socket.protocol).toBe('mcp');
    expect(await echo(client, 'hello')).toMatchObject({ result: { structuredContent: { text: 'hello' } } });
  });

  it('begins with an answer that has the headers of all others', async () => {
    const upgrading = new WebSocket(url(), ['mcp'], {
      headers: { authorization: `Bearer ${TOKEN}`, origin: PAGE },
    });
    const [response] = (await once(upgrading, 'upgrade')) as [IncomingMessage];
    upgrading.terminate();
    expect(response.headers).toMatchObject({
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-ratelimit-remaining': expect.stringMatching(/^\d+$/),
      'access-control-allow-origin': PAGE,
      'access-control-allow-credentials': 'true',
    });
    const id = response.headers['x-correlation-id'];
    expect(auditRecords(gateway().dataDir).find((one) => one.correlation_id === id)).toMatchObject({
      event: 'connection_established',
    });
  });

  it('leaves a record of each call, of its beginning and of its end', async () => {
    const client = await connected({ key: await gateway().createKey() });
    const answer = await client.request('tools/call', { name: 'nothing' });
    const { correlation_id: id } = answer!.error!.data as { correlation_id: string };
    const record = auditRecords(gateway().dataDir).find((one) => one.correlation_id === id);
    expect(record).toMatchObject({ door: 'ws', code: 'NOT_FOUND', ip: '127.0.0.1' });
    const { connection } = eventsOf('connection_established').at(-1)!['notes'] as { connection: string };
    client.drop();
    await expect
      .poll(() => eventsOf('connection_closed').map(({ notes }) => notes))
      .toContainEqual(expect.objectContaining({ connection, calls: 1, reason: 'The client has gone' }));
  });

  it('may be opened by a browser, which shows its key as a subprotocol', async () => {
    const key = await gateway().createKey();
    const client = await connected({ protocols: ['mcp', `bearer.${key}`] });
    expect(client.socket.protocol).toBe('mcp');
    expect(await client.request('ping')).toMatchObject({ result: {} });
  });

  it('is opened by WS_AUTH_TOKEN, which is good for nothing else', async () => {
    const client = await connected({ key: TOKEN });
    expect(await echo(client, 'hello')).toMatchObject({ result: { structuredContent: { text: 'hello' } } });
    expect((await gateway().client.rest('/echo', { key: TOKEN, body: { text: 'x' } })).status).toBe(403);
    expect((await gateway().client.tool('echo', { text: 'x' }, { key: TOKEN })).status).toBe(401);
  });

  it('answers in the order in which answers are ready, each with the id of its request', async () => {
    const client = await connected({ key: TOKEN });
    const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => echo(client, `${index}`)));
    const texts = answers.map((answer) => (answer!.result!['structuredContent'] as { text: string }).text);
    expect(texts).toEqual(Array.from({ length: 500 }, (_, index) => `${index}`));
  });
});

describe('an upgrade', () => {
  it.each([
    ['no credential', {}, 401, 'CREDENTIAL_MISSING'],
    ['a key that is none', { key: 'nonsense' }, 401, 'CREDENTIAL_UNKNOWN'],
    ['an Authorization that is empty', { headers: { authorization: '' } }, 401, 'CREDENTIAL_MISSING'],
    ['another scheme than Bearer', { headers: { authorization: 'Basic eDp4' } }, 401, 'CREDENTIAL_INVALID'],
    ['two credentials', { key: TOKEN, protocols: ['mcp', `bearer.${TOKEN}`] }, 401, 'CREDENTIAL_INVALID'],
    [
      'the Origin of a stranger',
      { key: TOKEN, headers: { origin: 'https://evil.test' } },
      403,
      'ORIGIN_REFUSED',
    ],
    [
      'an Origin that is refused and no key',
      { headers: { origin: 'https://evil.test' } },
      403,
      'ORIGIN_REFUSED',
    ],
    ['another subprotocol', { key: TOKEN, protocols: ['chat'] }, 400, 'INVALID_REQUEST'],
  ] as [string, Options, number, string][])('is refused with %s', async (_, options, status, code) => {
    const refused = await refusedUpgrade(url(), options);
    expect(refused).toMatchObject({ status, code });
    const id = refused.headers.get('x-correlation-id');
    const records = auditRecords(gateway().dataDir).filter((one) => one.correlation_id === id);
    expect(records).toMatchObject([{ code, result: 'refused', door: 'ws' }]);
    expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
    expect(refused.headers.get('x-ratelimit-limit')).not.toBeNull();
    expect(refused.headers.has('www-authenticate')).toBe(status === 401);
  });

  it('is refused with a token in its URL, good as it may be', async () => {
    const refused = await refusedUpgrade(url(`/ws?access_token=${TOKEN}`), { key: TOKEN });
    expect(refused).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
  });

  it('is refused where the handshake is not whole', async () => {
    const raw = await RawConnection.open(url().replace('ws:', 'http:'));
    const headers = { connection: 'upgrade', upgrade: 'websocket', authorization: `Bearer ${TOKEN}` };
    raw.send(head('GET /ws', headers));
    expect(await raw.answer()).toMatchObject({ status: 400 });
    await raw.cut();
  });

  it('is refused elsewhere, and what is none is told so', async () => {
    expect(await refusedUpgrade(url('/elsewhere'), { key: TOKEN })).toMatchObject({ status: 404 });
    const at = url().replace('ws:', 'http:');
    for (const headers of [{}, { authorization: '' }, { origin: PAGE }]) {
      const answer = await fetch(at, { headers });
      expect(answer.status).toBe(426);
      expect(answer.headers.get('upgrade')).toBe('websocket');
      expect(answer.headers.get('access-control-allow-origin')).toBe(headers.origin ?? null);
    }
    const foreign = await fetch(at, { headers: { origin: 'https://evil.test' } });
    expect(foreign.status).toBe(403);
    expect(foreign.headers.has('access-control-allow-origin')).toBe(false);
    // Another upgrade at the API is a request like any other.
    const raw = await RawConnection.open(gateway().client.url);
    raw.send(head('GET /health', { connection: 'upgrade', upgrade: 'h2c' }));
    expect(await raw.answer()).toMatchObject({ status: 200 });
    raw.drop();
  });

  it('is refused with 503 where there are too many, and with 401 before that', async () => {
    const opening = Array.from({ length: 2 * MOST }, () => connected({ key: TOKEN }));
    const results = await Promise.allSettled(opening);
    const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused).toHaveLength(MOST);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ status: 503, code: 'TOO_MANY_CONNECTIONS' });
    expect(await refusedUpgrade(url())).toMatchObject({ status: 401 });
    expect(eventsOf('connection_limit').length).toBe(MOST);
    open[0]!.drop();
    await expect.poll(() => connected({ key: TOKEN }).catch(() => undefined)).toBeDefined();
  });
});

describe('what a client may not send', () => {
  it('is a binary message', async () => {
    const client = await connected({ key: TOKEN });
    client.socket.send(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}'));
    expect(await client.over).toMatchObject({ code: 1003 });
  });

  it('is a message larger than MAX_MESSAGE_SIZE', async () => {
    const client = await connected({ key: TOKEN });
    client.send('x'.repeat(10_000_000));
    expect(await client.over).toMatchObject({ code: 1009 });
    await expect
      .poll(() => auditRecords(gateway().dataDir).filter(({ code }) => code === 'PAYLOAD_TOO_LARGE'))
      .toHaveLength(1);
  });

  it.each([
    ['no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe), 1007, 'MALFORMED_JSON'],
    ['no frame', undefined, 1002, 'INVALID_REQUEST'],
  ])('is %s', async (_, bytes, code, recorded) => {
    const client = await connected({ key: TOKEN });
    if (bytes) client.sendBytes(bytes);
    else client.raw.write(Buffer.alloc(20, 0xff));
    expect(await client.over).toMatchObject({ code });
    await expect
      .poll(() => auditRecords(gateway().dataDir).at(-1))
      .toMatchObject({ code: recorded, door: 'ws', result: 'refused' });
  });

  it.each(['', '{', '[]', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', '1', '{"__proto__":{}}'])(
    'is %j, and it may go on',
    async (text) => {
      const client = await connected({ key: TOKEN });
      client.send(text);
      await expect.poll(() => client.told).toMatchObject([{ error: { data: expect.anything() } }]);
      expect(await client.request('ping')).toMatchObject({ result: {} });
    },
  );
});

it('more than its limits allow: the call is refused, and the connection closed with 1008', async () => {
  const client = await connected({ key: await gateway().createKey({ tier: 'free' }) });
  expect(await echo(client, 'the one that is left')).toMatchObject({ result: {} });
  const refused = await echo(client, 'one too many');
  expect(refused).toMatchObject({
    error: { data: { error: 'Rate limit exceeded', retry_after: expect.any(Number) } },
  });
  expect(await client.over).toEqual({ code: 1008, reason: 'Rate limit exceeded' });
});

it('a key that is revoked closes its connections, and no other', async () => {
  const { client } = gateway();
  const { body } = await client.rest('/admin/keys', { body: { name: 'to be revoked', role: 'service' } });
  const { key, id } = body as { key: string; id: string };
  const other = await connected({ key: TOKEN });
  const own = await Promise.all([connected({ key }), connected({ key })]);
  const before = performance.now();
  expect((await client.rest(`/admin/keys/${id}`, { method: 'DELETE' })).status).toBe(200);
  for (const one of own)
    expect(await one.over).toEqual({ code: 1008, reason: 'Its credential is good no more' });
  expect(performance.now() - before).toBeLessThan(3_000);
  expect(await other.request('ping')).toMatchObject({ result: {} });
});
