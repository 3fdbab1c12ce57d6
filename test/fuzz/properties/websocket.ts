import fc from 'fast-check';
import { fail } from '../answer-checks.ts';
import {
  control,
  farewell,
  fragments,
  frame,
  frameBytes,
  strayFrame,
  CLOSE,
  type Frame,
} from '../arbitraries/frames.ts';
import { jsonOf } from '../arbitraries/json.ts';
import { envelope } from '../arbitraries/message.ts';
import { checkAlive } from '../client.ts';
import { framesIn } from '../frames-in.ts';
import { HANG_MS, type FuzzHouse } from '../house/open-house.ts';
import { property } from '../property.ts';
import { checkLeft, RawSocket } from '../raw-socket.ts';
import { Tally } from '../tally.ts';
import { change, changed } from './bytes.ts';

const HEAD_END = '\r\n\r\n';

/** What a client writes one after the other. */
type Part =
  | {
      readonly kind: 'message';
      readonly json: string;
      readonly cuts: readonly number[];
      readonly between: readonly Frame[];
    }
  | { readonly kind: 'control' | 'stray'; readonly frame: Frame }
  | { readonly kind: 'noise'; readonly bytes: Uint8Array };

const message: fc.Arbitrary<Part> = fc.record({
  kind: fc.constant('message' as const),
  json: envelope.map((sealed) => jsonOf(sealed.message)),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  between: fc.array(control, { maxLength: 2 }),
});
const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 6, arbitrary: message },
  { weight: 2, arbitrary: control.map((one): Part => ({ kind: 'control', frame: one })) },
  { weight: 1, arbitrary: strayFrame.map((one): Part => ({ kind: 'stray', frame: one })) },
  { weight: 1, arbitrary: farewell.map((one): Part => ({ kind: 'stray', frame: one })) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes): Part => ({ kind: 'noise', bytes })) },
);

function bytesOf(one: Part, mask: number): Buffer {
  if (one.kind === 'noise') return Buffer.from(one.bytes);
  const frames =
    one.kind === 'message' ? fragments(Buffer.from(one.json), one.cuts, one.between) : [one.frame];
  return Buffer.concat(frames.map((each) => frameBytes(each, mask)));
}

export function handshake(house: FuzzHouse, headers: Record<string, string | undefined> = {}): string {
  const all = {
    host: house.webSocketUrl.host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'mcp',
    authorization: house.credentials.service,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  );
  return `GET /ws HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** What follows the head of an answer that has become a WebSocket. */
function framesOf(received: Buffer): Buffer {
  return received.subarray(received.indexOf(HEAD_END) + HEAD_END.length);
}

/** Any frames, on a connection that was let in. */
export const webSocketFrames = property({
  name: 'ws/frames',
  what: 'any frames on a WebSocket are answered once each, or end it in time, and the door stays open',
  runs: 60,
  arbitrary: fc.record({
    parts: fc.array(part, { minLength: 1, maxLength: 6 }),
    changes: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(change, { maxLength: 3 }) },
    ),
    mask: fc.nat(0xff_ff_ff_ff),
    pieces: fc.constantFrom(1, 1, 3, 40),
    early: fc.boolean(),
    drops: fc.boolean(),
  }),
  async check({ parts, changes, mask, pieces, early, drops }, house) {
    let bytes: Buffer = Buffer.concat(parts.map((one) => bytesOf(one, mask)));
    for (const one of changes) bytes = changed(bytes, one);
    const isSound =
      changes.length === 0 && parts.every(({ kind }) => kind === 'message' || kind === 'control');
    const raw = await RawSocket.open(Number(house.webSocketUrl.port));
    // What is sent behind the handshake, before it is answered, counts too.
    const head = Buffer.from(handshake(house));
    await raw.write(early ? Buffer.concat([head, bytes]) : head, early ? pieces : 1);
    await raw.until((received) => received.includes(HEAD_END), 'The answer to the handshake');
    if (!raw.received.toString('latin1').startsWith('HTTP/1.1 101 ')) {
      if (!raw.isLate) fail('is no WebSocket', raw.received.toString());
      raw.socket.destroy();
      return;
    }
    if (!early) await raw.write(bytes, pieces);
    const tally = new Tally(house);
    for (const one of parts) if (one.kind === 'message') tally.sent(one.json);
    if (isSound) await said(raw, tally);
    if (drops) raw.socket.destroy();
    else if (isSound) await raw.write(frameBytes(frame(CLOSE, Buffer.from([0x03, 0xe8])), mask), 1);
    else raw.socket.end();
    await raw.ended();
    const { texts, closeCode } = framesIn(framesOf(raw.received));
    if (!isSound && changes.length === 0 && parts.every(({ kind }) => kind !== 'noise')) hear(texts, tally);
    if (isSound && !drops && closeCode !== 1000) fail('ends with another code than it was bidden', closeCode);
    await leave(house);
  },
});

/** Waits for all answers, and looks at them as they come. */
async function said(raw: RawSocket, tally: Tally): Promise<void> {
  let seen = 0;
  const look = () => {
    const { texts } = framesIn(framesOf(raw.received));
    for (const text of texts.slice(seen)) tally.heard(JSON.parse(text));
    seen = texts.length;
    return tally.isComplete;
  };
  await raw.until(look, 'An answer');
  look();
  if (raw.isClosed) fail('is missing: the connection has ended', raw.received.toString('latin1').slice(-300));
  tally.checkTotal();
}

function hear(texts: readonly string[], tally: Tally): void {
  for (const text of texts) {
    const { id, method } = JSON.parse(text) as { id?: unknown; method?: string };
    // Of what was no message by our own reading, an answer tells so without an id.
    if (id !== undefined || method !== undefined) tally.heard(JSON.parse(text));
  }
}

async function leave(house: FuzzHouse): Promise<void> {
  await checkLeft(house, 'ws');
  await checkAlive(house);
  await house.watch.quiet(HANG_MS);
  house.watch.check();
}

const stranger = fc.record(
  {
    'sec-websocket-key': fc.constantFrom(
      undefined,
      '',
      'x',
      'dGhlIHNhbXBsZSBub25jZQ',
      'AAAAAAAAAAAAAAAAAAAAAA==',
    ),
    'sec-websocket-version': fc.constantFrom(undefined, '8', '7', '13, 8', '255', 'x'),
    'sec-websocket-protocol': fc.constantFrom(
      undefined,
      '',
      'soap',
      'mcp, mcp',
      'mcp, bearer.wrong',
      ',',
      'mcp,,',
      'bearer.',
    ),
    'sec-websocket-extensions': fc.constantFrom(
      'permessage-deflate',
      'permessage-deflate; client_max_window_bits=99',
      ';;',
      'x; y="',
    ),
    authorization: fc.constantFrom(undefined, '', 'Bearer', 'Bearer wrong', 'Basic eDp4', 'Bearer a b'),
    origin: fc.constantFrom('null', 'https://evil.example.com', 'http://127.0.0.1', 'x'),
    upgrade: fc.constantFrom('websocket, h2c', 'WebSocket', 'h2c', undefined),
    connection: fc.constantFrom('upgrade', 'close', 'keep-alive, Upgrade', undefined),
    'content-length': fc.constantFrom('5', '0'),
  },
  { requiredKeys: [] },
);

/** Any handshake, at either port. */
export const webSocketHandshake = property({
  name: 'ws/handshake',
  what: 'any handshake becomes a WebSocket, or is refused by HTTP with one record, and its connection ends in time',
  runs: 60,
  arbitrary: fc.record({
    headers: stranger,
    changes: fc.array(change, { maxLength: 3 }),
    noise: fc.uint8Array({ maxLength: 40 }),
    pieces: fc.constantFrom(1, 1, 5),
    api: fc.boolean(),
  }),
  async check({ headers, changes, noise, pieces, api }, house) {
    let bytes: Buffer = Buffer.from(handshake(house, headers));
    for (const one of changes) bytes = changed(bytes, one);
    const raw = await RawSocket.open(Number((api ? house.url : house.webSocketUrl).port));
    await raw.write(Buffer.concat([bytes, noise]), pieces);
    raw.socket.end();
    await raw.ended();
    const text = raw.received.toString('latin1');
    if (text !== '' && !/^HTTP\/1\.1 [1-5]\d\d /.test(text)) fail('is no HTTP', text.slice(0, 200));
    if (/^HTTP\/1\.1 5(?!03)/.test(text)) fail('is a fault of ours', text);
    if (text.startsWith('HTTP/1.1 101 ')) framesIn(framesOf(raw.received));
    await leave(house);
  },
});
