import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases } from '#testing';
import { journalOf } from './support/audit-records.ts';
import { doors, endOf, type Door } from './support/doors.ts';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { head, RawConnection } from './support/raw-connection.ts';

const TIMEOUT_MS = 1_000;
/** How late a slow client may be cut, on a machine that has other things to do. */
const GRACE_MS = 3_000;

const key = { authorization: `Bearer ${ADMIN_KEY}` };
const goodInput = (id: string) => `{"conversation_id":"${id}","content":"The parcel is late."}`;

/** What is no HTTP request, by what is wrong with it. */
const noRequests: [what: string, bytes: string][] = [
  ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['an unknown method', head('FOO /health')],
  ['an unknown version', 'GET /health HTTP/9.9\r\nhost: a\r\n\r\n'],
  ['HTTP/2 without a word', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a NUL in a header', head('GET /health', { 'x-a': 'a\0b' })],
  ['a line that is no header', 'GET /health HTTP/1.1\r\nhost: a\r\nno header\r\n\r\n'],
  ['a length that is no number', head('POST /search', { 'content-length': 'many' })],
  ['two lengths', 'POST /search HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}'],
  ['a length and chunks', head('POST /search', { 'content-length': 2, 'transfer-encoding': 'chunked' })],
];

const tooLarge: typeof noRequests = [
  ['a URL of 20 kB', head(`GET /${'a'.repeat(20_000)}`)],
  ['a header of 20 kB', head('GET /health', { 'x-a': 'a'.repeat(20_000) })],
  [
    '3,000 headers',
    head('GET /health', Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`x-${i}`, 'a']))),
  ],
];

describe('bytes of a client that is no HTTP client', () => {
  const gateway = useGateway(databases[0]!, { env: { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS) } });
  const open = () => RawConnection.open(gateway().gateway.url);
  const records = () => journalOf(gateway().gateway.app.get(Database), gateway().dataDir);

  async function end(connection: RawConnection) {
    const answer = await connection.answer();
    return endOf(answer, answer && (await gateway().recordOf(answer)));
  }

  async function isStored(id: string): Promise<boolean> {
    return (await gateway().client.rest(`/conversations/${id}`)).status === 200;
  }

  it.each([
    ...noRequests.map(([what, bytes]) => [what, 400, bytes] as const),
    ...tooLarge.map(([what, bytes]) => [what, 431, bytes] as const),
  ])('answers %s with %i and hangs up', async (_, status, bytes) => {
    for (const url of [gateway().gateway.url, gateway().gateway.managementUrl!]) {
      const connection = (await RawConnection.open(url)).send(Buffer.from(bytes, 'latin1'));
      expect(await connection.answer()).toMatchObject({ status, body: '' });
      await connection.cut();
    }
    expect((await gateway().client.rest('/health')).status).toBe(200);
  });

  it('refuses a request without a Host, on record, and not of a client of HTTP/1.0', async () => {
    const refused = (await open()).send('GET /health HTTP/1.1\r\n\r\n');
    expect(await end(refused)).toMatchObject({ status: 400, recorded: 'INVALID_REQUEST' });
    const old = (await open()).send('GET /health HTTP/1.0\r\n\r\n');
    expect(await old.answer()).toMatchObject({ status: 200 });
    for (const connection of [refused, old]) connection.drop();
  });

  it('refuses two Hosts, and two Origins of which one may call', async () => {
    const connection = await open();
    connection.send('GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n');
    expect(await end(connection)).toEqual({
      status: 400,
      code: 'INVALID_REQUEST',
      recorded: 'INVALID_REQUEST',
    });
    connection.send(
      head('GET /health', { origin: 'http://localhost' }).replace(
        '\r\n\r\n',
        '\r\norigin: http://evil.example\r\n\r\n',
      ),
    );
    expect(await end(connection)).toEqual({
      status: 403,
      code: 'ORIGIN_REFUSED',
      recorded: 'ORIGIN_REFUSED',
    });
    connection.drop();
  });

  it('takes an expectation that it does not know for what it is: a wish', async () => {
    const connection = (await open()).send(head('GET /conversations', { ...key, expect: 'wonders' }));
    expect((await connection.answer())?.status).toBe(200);
    connection.drop();
  });

  describe.each(doors)('at $name', (door) => {
    it('refuses two credentials, whichever comes first', async () => {
      for (const order of ['before', 'after']) {
        const [name, other] = [key.authorization, 'Bearer another'];
        const both = order === 'before' ? [other, name] : [name, other];
        const twice = whole(door, 'c').replace(
          `authorization: ${name}`,
          `authorization: ${both.join('\r\nauthorization: ')}`,
        );
        const connection = (await open()).send(twice);
        expect(await end(connection)).toEqual({
          status: 401,
          code: 'CREDENTIAL_INVALID',
          recorded: 'CREDENTIAL_INVALID',
        });
        connection.drop();
      }
    });

    it.each(['drop', 'end'] as const)(
      'keeps nothing of a body that is cut in the middle (%s)',
      async (how) => {
        const before = (await records()).length;
        const body = door.body(goodInput(`cut-${how}`));
        const connection = (await open()).send(post(door, { 'content-length': body.length + 1 }) + body);
        await delay(50);
        connection[how]();
        await expect
          .poll(async () => (await records()).length, { timeout: TIMEOUT_MS + GRACE_MS })
          .toBe(before + 1);
        expect((await records()).at(-1)).toMatchObject({
          event: 'invalid_input',
          code: 'INVALID_REQUEST',
          door: door.kind,
        });
        expect(await isStored(`cut-${how}`)).toBe(false);
      },
    );

    it('answers three requests in a row in their order, the second of them bad', async () => {
      const connection = await open();
      connection.send(
        whole(door, 'first') + post(door, { 'content-length': 4 }) + '{"a"' + whole(door, 'third'),
      );
      expect((await connection.answer())?.status).toBe(door.kind === 'rest' ? 201 : 200);
      expect(await end(connection)).toEqual({
        status: 400,
        code: 'MALFORMED_JSON',
        recorded: 'MALFORMED_JSON',
      });
      // After a body that it could not read, REST closes the connection: what follows may be the rest of it.
      const third = await connection.answer();
      expect(third?.status).toBe(door.kind === 'rest' ? undefined : 200);
      connection.drop();
    });

    it('answers a good request before rubbish, and never takes the one for the other', async () => {
      const connection = (await open()).send(`${whole(door, 'before-rubbish')}RUBBISH\r\n\r\n`);
      expect((await connection.answer())?.status).toBe(door.kind === 'rest' ? 201 : 200);
      await connection.cut();
      expect(await isStored('before-rubbish')).toBe(true);
    });

    it.concurrent.each([
      ['that stops in the middle', { 'content-length': 1000 }, ''],
      ['that comes a byte at a time', { 'content-length': 1000 }, '['],
      ['in chunks that never end', { 'transfer-encoding': 'chunked' }, '1\r\n[\r\n'],
    ])('cuts a body %s by REQUEST_TIMEOUT_MS', async (_, length, piece) => {
      const connection = (await open()).send(post(door, length));
      const started = performance.now();
      const trickle = setInterval(() => connection.send(piece), 20);
      try {
        expect(await end(connection)).toEqual({ status: 504, code: 'TIMED_OUT', recorded: 'TIMED_OUT' });
        await connection.cut();
        expect(performance.now() - started).toBeLessThan(TIMEOUT_MS + GRACE_MS);
      } finally {
        clearInterval(trickle);
      }
    });

    it('refuses chunks without end by MAX_REQUEST_SIZE', async () => {
      const connection = (await open()).send(post(door, { 'transfer-encoding': 'chunked' }));
      const flood = setInterval(() => connection.send(`ffff\r\n${'['.repeat(0xffff)}\r\n`), 1);
      try {
        expect(await end(connection)).toEqual({
          status: 413,
          code: 'PAYLOAD_TOO_LARGE',
          recorded: 'PAYLOAD_TOO_LARGE',
        });
        await connection.cut();
      } finally {
        clearInterval(flood);
      }
    });
  });

  it.each(['gateway', 'management'])(
    'cuts a client that sends its head a byte at a time (%s)',
    async (port) => {
      const { url, managementUrl } = gateway().gateway;
      const connection = await RawConnection.open(port === 'gateway' ? url : managementUrl!);
      const started = performance.now();
      const bytes = head('GET /health', { 'x-a': 'a'.repeat(1_000) });
      let sent = 0;
      const trickle = setInterval(() => connection.send(bytes[sent++] ?? ''), 20);
      try {
        await connection.cut();
        expect(performance.now() - started).toBeLessThan(TIMEOUT_MS + GRACE_MS);
      } finally {
        clearInterval(trickle);
      }
    },
  );

  it('cuts a client that asks for much and reads nothing', async () => {
    const server: Server = gateway().gateway.app.getHttpServer();
    const [connection, [socket]] = await Promise.all([
      open(),
      once(server, 'connection') as Promise<[Socket]>,
    ]);
    connection.pause().send(head('GET /docs/assets/swagger-ui-bundle.js').repeat(40));
    await expect.poll(() => socket.destroyed, { timeout: 4 * TIMEOUT_MS + GRACE_MS }).toBe(true);
    connection.drop();
  });
});

/** The head of an ingestion. */
function post({ path, headers }: Door, more: Record<string, string | number>): string {
  return head(`POST ${path}`, { 'content-type': 'application/json', ...key, ...headers, ...more });
}

function whole(door: Door, id: string): string {
  const body = door.body(goodInput(id));
  return post(door, { 'content-length': body.length }) + body;
}
