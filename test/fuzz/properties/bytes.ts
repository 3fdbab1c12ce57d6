import { connect } from 'node:net';
import fc from 'fast-check';
import { headersFor } from '../arbitraries/headers.ts';
import { jsonOf } from '../arbitraries/json.ts';
import { envelope } from '../arbitraries/message.ts';
import { checkMessage, fail } from '../answer-checks.ts';
import { checkAlive } from '../client.ts';
import { HANG_MS, type FuzzHouse } from '../house/open-house.ts';
import { property } from '../property.ts';

export interface Change {
  readonly kind: 'replace' | 'insert' | 'delete' | 'repeat' | 'cut';
  readonly at: number;
  readonly bytes: Uint8Array;
}

export const change = fc.record<Change>({
  kind: fc.constantFrom('replace', 'insert', 'delete', 'repeat', 'cut'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc
      .constantFrom(
        '\r\n',
        '\n',
        '\0',
        'Transfer-Encoding: chunked\r\n',
        'Content-Length: 5\r\n',
        'Expect: 100-continue\r\n',
        'Upgrade: websocket\r\nConnection: upgrade\r\n',
        'Host: a\r\n',
        'ffffffffffffffff\r\n',
        '?access_token=a',
      )
      .map((text) => Buffer.from(text)),
  ),
});

export function changed(whole: Buffer, { kind, at, bytes }: Change): Buffer {
  const place = Math.floor(at * whole.length);
  const end = place + bytes.length;
  const [before, after] = [whole.subarray(0, place), whole.subarray(end)];
  if (kind === 'replace') return Buffer.concat([before, bytes, after]);
  if (kind === 'insert') return Buffer.concat([before, bytes, whole.subarray(place)]);
  if (kind === 'delete') return Buffer.concat([before, after]);
  if (kind === 'repeat') return Buffer.concat([before, whole.subarray(place, end), whole.subarray(place)]);
  return before;
}

/** A request that is well made, but for its message. */
const request = fc
  .record({
    line: fc.constantFrom(
      'POST /mcp',
      'POST /mcp',
      'GET /mcp',
      'DELETE /mcp',
      'POST /conversations/ingest',
      'GET /health',
    ),
    envelope,
    chunked: fc.boolean(),
    key: fc.boolean(),
  })
  .map(({ line, envelope: sealed, chunked, key }) => ({ line, sealed, chunked, key }));

type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

function bytesOf({ line, sealed, chunked, key }: Request, house: FuzzHouse): Buffer {
  const body = Buffer.from(jsonOf(sealed.message));
  const headers = {
    host: house.url.host,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(key && { authorization: house.credentials.service }),
    ...headersFor(sealed, {}),
    ...(chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) }),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${line} HTTP/1.1\r\n${head.join('')}\r\n`, 'latin1'),
    ...(chunked
      ? [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]
      : [body]),
  ]);
}

/** In how many pieces the bytes are sent, and whether their sender waits for an answer before it says that it is done. */
interface Pace {
  readonly pieces: number;
  readonly waits: boolean;
}

/** All that comes back until the other side ends, which it does in time. */
async function spoken(house: FuzzHouse, bytes: Buffer, { pieces, waits }: Pace): Promise<Buffer> {
  const socket = connect(Number(house.url.port), house.url.hostname);
  const received: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => received.push(chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<boolean>((resolve) => {
    socket.once('close', () => resolve(true));
    setTimeout(() => resolve(false), HANG_MS).unref();
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  const size = Math.ceil(bytes.length / pieces) || 1;
  for (let at = 0; at < bytes.length && socket.writable; at += size) {
    socket.write(bytes.subarray(at, at + size));
    if (pieces > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  if (waits && received.length === 0)
    await Promise.race([closed, new Promise((resolve) => socket.once('data', resolve))]);
  if (waits && received.length === 0 && !socket.destroyed)
    throw new Error(`Nothing was said within ${HANG_MS} ms, and the connection is still open`);
  socket.end();
  if (await closed) return Buffer.concat(received);
  socket.destroy();
  throw new Error(`The connection was not ended within ${HANG_MS} ms`);
}

const LEAKS =
  /hunter2|\/srv\/|node_modules|\n\s+at |(Type|Range|Reference)Error|is not a function|cannot read prop/i;

/** What comes back is HTTP, and any JSON-RPC in it is of the official schema. */
function checkSpoken(text: string): void {
  if (text === '') return; // It was cut.
  if (!/^HTTP\/1\.1 [1-5]\d\d /.test(text)) fail('is no HTTP', text.slice(0, 200));
  if (LEAKS.test(text)) fail('tells something internal', text);
  for (const answer of text.split(/(?=HTTP\/1\.1 [1-5]\d\d )/)) {
    if (/^HTTP\/1\.1 50[0-3]/.test(answer)) fail('is a fault of ours', answer);
    const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
    if (/content-type: application\/json/i.test(head) && body.includes('"jsonrpc":'))
      checkMessage(JSON.parse(body));
  }
}

export const doorBytes = property({
  name: 'door/bytes',
  what: 'any bytes on a connection are answered by HTTP or cut, in time, and the door stays open',
  runs: 60,
  arbitrary: fc.record({
    requests: fc.array(request, { minLength: 1, maxLength: 3 }),
    changes: fc.array(change, { maxLength: 4 }),
    noise: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    ),
    pace: fc.record({
      pieces: fc.constantFrom(1, 1, 3, 20),
      waits: fc.constantFrom(false, false, false, false, true),
    }),
  }),
  async check({ requests, changes, noise, pace }, house) {
    let bytes: Buffer = noise
      ? Buffer.from(noise)
      : Buffer.concat(requests.map((one) => bytesOf(one, house)));
    for (const one of changes) bytes = changed(bytes, one);
    checkSpoken((await spoken(house, bytes, pace)).toString());
    await checkAlive(house);
    await house.watch.quiet(HANG_MS);
    house.watch.check();
  },
});
