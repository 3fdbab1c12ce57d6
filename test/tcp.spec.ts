import { afterEach, describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { auditRecords, journalEntries } from './support/audit-records.ts';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { TcpClient } from './support/socket-client.ts';

const TOKEN = 'tcp-token-0123456789-abcdefghijklmnop';
const MOST = 20;
const TIMEOUT_MS = 2_000;
const gateway = useGateway(databases[0]!, {
  features: [EchoModule],
  env: {
    TCP_AUTH_TOKEN: TOKEN,
    TCP_MAX_CONNECTIONS: String(MOST),
    REQUEST_TIMEOUT_MS: String(TIMEOUT_MS),
    RATE_LIMIT_TIERS: 'free=2/100',
    RATE_LIMIT_CLIENT_MAX: '100000',
  },
});
const open: TcpClient[] = [];
afterEach(async () => {
  for (const client of open) client.drop();
  await Promise.all(open.splice(0).map((client) => client.over));
});

const port = () => gateway().gateway.tcpPort!;
async function kept(client: Promise<TcpClient>): Promise<TcpClient> {
  open.push(await client);
  return client;
}
const connected = () => kept(TcpClient.connect(port()));
const authenticated = (token = TOKEN) => kept(TcpClient.open(port(), token));
const echo = (client: TcpClient, text: string) =>
  client.request('tools/call', { name: 'echo', arguments: { text } });
const eventsOf = (event: string) =>
  journalEntries(gateway().dataDir).filter((entry) => entry.event === event && entry['door'] === 'tcp');

describe('the handshake', () => {
  it.each([
    ['TCP_AUTH_TOKEN', async () => TOKEN],
    ['an API key', () => gateway().createKey()],
    ['the admin credential', async () => ADMIN_KEY],
  ])('lets in whoever shows %s', async (_, token) => {
    const shown = await token();
    const client = await connected();
    client.send(`{"jsonrpc":"2.0","id":1,"method":"authenticate","params":{"token":"${shown}"}}`);
    expect(await client.answerTo(1)).toEqual({ jsonrpc: '2.0', id: 1, result: { authenticated: true } });
    expect(await echo(client, 'hello')).toMatchObject({ result: { structuredContent: { text: 'hello' } } });
  });

  it.each([['nonsense'], [''], [undefined], [7], ['gk_00000000000000000000000000000000000000000']])(
    'fails with the token %j, and the connection ends',
    async (token) => {
      const client = await connected();
      expect(await client.authenticate(token)).toMatchObject({
        id: 'hello',
        error: { code: -32000, message: 'Authentication failed' },
      });
      await client.over;
      expect(eventsOf('tcp_auth_failed').at(-1)).toMatchObject({ result: 'refused', ip: '127.0.0.1' });
    },
  );

  it('is asked for before everything else, which is not done', async () => {
    const client = await connected();
    for (const method of ['tools/call', 'initialize', 'ping'])
      expect(await client.request(method)).toMatchObject({
        error: { code: -32000, message: 'Authentication required' },
      });
    expect(await client.authenticate(TOKEN)).toMatchObject({ result: { authenticated: true } });
    expect(await client.request('ping')).toMatchObject({ result: {} });
  });

  it.each([
    ['of no version', { id: 1 }],
    ['of another version', { jsonrpc: '1.0', id: 1 }],
    ['without an id', { jsonrpc: '2.0' }],
    ['with an id that is none', { jsonrpc: '2.0', id: { one: 1 } }],
    ['without end', { jsonrpc: '2.0', id: 1, padding: 'x'.repeat(20_000) }],
  ])('is a request of JSON-RPC 2.0, and nothing %s', async (_, envelope) => {
    const client = await connected();
    client.send(JSON.stringify({ ...envelope, method: 'authenticate', params: { token: TOKEN } }));
    await expect
      .poll(() => client.told)
      .toMatchObject([{ error: { code: -32000, message: 'Authentication required' } }]);
  });

  it('is not waited for by whoever goes on without it', async () => {
    const client = await connected();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.request('ping')));
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(10);
  });

  it.each([
    ['a page in a browser', 'POST / HTTP/1.1\r\nHost: localhost:9500\r\n\r\n'],
    ['no JSON', '{"jsonrpc"\n'],
    ['a line without end', 'x'.repeat(10_000_000)],
    ['a line that is longer than a handshake', `${'x'.repeat(20_000)}\n`],
  ])('is over at once for %s', async (_, bytes) => {
    const client = await connected();
    client.socket.write(bytes);
    await client.over;
    expect(client.told).toMatchObject([{ error: { code: -32000, message: 'Authentication required' } }]);
    expect(client.told[0]).not.toHaveProperty('id');
  });

  it('may be followed by calls at once', async () => {
    const client = await connected();
    const [first, second] = await Promise.all([client.authenticate(TOKEN), echo(client, 'hello')]);
    expect(first).toMatchObject({ result: { authenticated: true } });
    expect(second).toMatchObject({ result: { structuredContent: { text: 'hello' } } });
  });

  it('may be followed at once by a call that is longer than a handshake may be', async () => {
    const client = await connected();
    const long = { jsonrpc: '2.0', id: 'long', method: 'ping', params: { filler: 'x'.repeat(30_000) } };
    const hello = { jsonrpc: '2.0', id: 'hello', method: 'authenticate', params: { token: TOKEN } };
    const answer = client.answerTo('long');
    client.send(`${JSON.stringify(hello)}\n${JSON.stringify(long)}`);
    expect(await answer).toMatchObject({ result: {} });
  });

  it('leaves its record, and the connection another', async () => {
    await authenticated();
    expect(eventsOf('tcp_auth_success').at(-1)).toMatchObject({
      principal: { id: 'tcp-token', role: 'service' },
    });
    await expect.poll(() => eventsOf('connection_established').at(-1)).toMatchObject({ result: 'allowed' });
  });

  it('happens in time, or not at all', async () => {
    const client = await connected();
    const before = performance.now();
    client.send('');
    await client.over;
    expect(performance.now() - before).toBeLessThan(3 * TIMEOUT_MS);
    expect(client.told).toEqual([]);
  });

  it('is told that there are too many connections', async () => {
    const clients = await Promise.all(Array.from({ length: MOST }, () => authenticated()));
    const late = await connected();
    expect(await late.authenticate(TOKEN)).toMatchObject({ error: { message: 'Too many connections' } });
    await late.over;
    expect(eventsOf('connection_limit')).toHaveLength(1);
    clients[0]!.drop();
    await expect.poll(() => authenticated().catch(() => undefined)).toBeDefined();
  });

  it('gets through while others connect and say nothing', async () => {
    const silent = await Promise.all(Array.from({ length: 3 * MOST }, () => connected()));
    const client = await authenticated();
    expect(await client.request('ping')).toMatchObject({ result: {} });
    expect(silent.filter(({ ended }) => !ended).length).toBeLessThanOrEqual(MOST);
  });
});

describe('a connection', () => {
  it('takes one byte at a time', async () => {
    const client = await authenticated();
    const text = JSON.stringify({ jsonrpc: '2.0', id: 'slow', method: 'ping' });
    const answer = client.answerTo('slow');
    for (const byte of `${text}\r\n`) {
      client.socket.write(byte);
      await new Promise(setImmediate);
    }
    expect(await answer).toMatchObject({ id: 'slow', result: {} });
  });

  it('ends when a line does not end in time', async () => {
    const client = await authenticated();
    client.socket.write('{"jsonrpc":');
    await client.over;
    await expect
      .poll(() => eventsOf('connection_timeout').at(-1))
      .toMatchObject({ notes: { reason: 'The message did not come in time' } });
  });

  it('ends with a line larger than MAX_MESSAGE_SIZE, which is on record', async () => {
    const client = await authenticated();
    const before = process.memoryUsage().rss;
    client.socket.write('x'.repeat(10_000_000));
    await client.over;
    expect(client.told.at(-1)).toMatchObject({ error: { data: { code: 'PAYLOAD_TOO_LARGE' } } });
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  it('answers what was asked when its client says that it has no more to ask', async () => {
    const client = await authenticated();
    const answers = Promise.all(Array.from({ length: 200 }, (_, index) => echo(client, `${index}`)));
    client.socket.end();
    expect((await answers).filter((answer) => answer?.result)).toHaveLength(200);
    await client.over;
  });

  it('takes nothing for a message that does not end, whole as it may look', async () => {
    const client = await authenticated();
    const answer = echo(client, 'whole');
    client.socket.end(JSON.stringify({ jsonrpc: '2.0', id: 'cut', method: 'ping' }));
    expect((await answer)?.result).toBeDefined();
    await client.over;
    expect(client.told.filter(({ id }) => id === 'cut')).toEqual([]);
  });

  it('goes on when a limit is used up: each call is told so', async () => {
    const client = await authenticated(await gateway().createKey({ tier: 'free' }));
    const answers = [await echo(client, '1'), await echo(client, '2'), await echo(client, '3')];
    expect(answers.map((answer) => answer?.error?.message)).toEqual([
      undefined,
      'Rate limit exceeded',
      'Rate limit exceeded',
    ]);
    expect(client.ended).toBe(false);
  });

  it('has no record twice, and none less, of what it was asked', async () => {
    const before = auditRecords(gateway().dataDir).filter(({ operation }) => operation === 'echo').length;
    const client = await authenticated();
    await Promise.all(Array.from({ length: 300 }, (_, index) => echo(client, `${index}`)));
    const after = auditRecords(gateway().dataDir).filter(({ operation }) => operation === 'echo').length;
    expect(after - before).toBe(300);
  });
});
