import fc from 'fast-check';
import { fail, type Response } from '../answer-checks.ts';
import { jsonOf } from '../arbitraries/json.ts';
import { envelope } from '../arbitraries/message.ts';
import { checkAlive } from '../client.ts';
import { HANG_MS, type FuzzHouse } from '../house/open-house.ts';
import { property } from '../property.ts';
import { checkLeft, RawSocket } from '../raw-socket.ts';
import { Tally } from '../tally.ts';
import { change, changed } from './bytes.ts';

const GREETING_ID = 'greeting';
const authenticate = (params: unknown) =>
  jsonOf({ jsonrpc: '2.0', id: GREETING_ID, method: 'authenticate', params });

const lines = fc.array(
  fc.record({
    text: envelope.map((sealed) => jsonOf(sealed.message)),
    end: fc.constantFrom('\n', '\n', '\r\n', '\n\n', '\n\r\n'),
  }),
  { maxLength: 6 },
);
const cuts = fc.constantFrom(1, 1, 3, 40);

/** Lines after a handshake, cut anywhere. */
export const tcpLines = property({
  name: 'tcp/lines',
  what: 'any lines over TCP, cut anywhere, are answered once each, and the connection ends when its client has no more to say',
  runs: 60,
  arbitrary: fc.record({ lines, pieces: cuts, partial: fc.constantFrom('', '', '{"jsonrpc"', ' ') }),
  async check({ lines: said, pieces, partial }, house) {
    const token = house.credentials.service!.replace('Bearer ', '');
    const tally = new Tally(house);
    const hello = authenticate({ token });
    tally.sent(hello);
    for (const { text } of said) tally.sent(text);
    const whole = [hello, '\n', ...said.flatMap(({ text, end }) => [text, end]), partial].join('');
    const raw = await RawSocket.open(house.tcpPort);
    await raw.write(Buffer.from(whole), pieces);
    raw.socket.end();
    await raw.ended();
    const heard = linesIn(raw.received);
    for (const line of heard) tally.heard(line);
    if (!tally.isComplete && !raw.isLate) fail('is missing', heard);
    tally.checkTotal();
    await leave(house);
  },
});

/** Whatever comes in place of a handshake, or before it, and bytes that were changed. */
export const tcpGreeting = property({
  name: 'tcp/greeting',
  what: 'whoever does not say who it is over TCP is told so, reaches nothing, and its connection ends in time',
  runs: 60,
  arbitrary: fc.record({
    greetings: fc.array(
      fc.oneof(
        fc
          .record({ token: fc.oneof(fc.constantFrom<unknown>('', 'wrong', 7, null, [], {}), fc.string()) })
          .map(authenticate),
        fc.constantFrom<unknown>(undefined, 7, [], { token: 'x'.repeat(20_000) }).map(authenticate),
        envelope.map((sealed) => jsonOf(sealed.message)),
        fc.constantFrom(
          'GET / HTTP/1.1',
          'POST /mcp HTTP/1.1\r\nhost: a',
          '\u0016\u0003\u0001',
          'x'.repeat(40_000),
        ),
      ),
      { minLength: 1, maxLength: 14 },
    ),
    changes: fc.array(change, { maxLength: 3 }),
    pieces: cuts,
  }),
  async check({ greetings, changes, pieces }, house) {
    let bytes: Buffer = Buffer.from(greetings.map((line) => `${line}\n`).join(''));
    for (const one of changes) bytes = changed(bytes, one);
    const raw = await RawSocket.open(house.tcpPort);
    await raw.write(bytes, pieces);
    raw.socket.end();
    await raw.ended();
    const heard = linesIn(raw.received) as Response[];
    if (heard.length > 11) fail('goes on for ever', heard);
    for (const one of heard) {
      if (one.error?.code !== -32_000) fail('was given to a stranger', one);
      const callId = one.error.data?.['correlation_id'];
      if (house.watch.settlementsOf(String(callId)) !== 1) fail('has no record, or more than one', one);
    }
    await leave(house);
  },
});

function linesIn(received: Buffer): unknown[] {
  const texts = new TextDecoder('utf-8', { fatal: true }).decode(received).split('\n');
  return texts.filter((text) => text !== '').map((text) => JSON.parse(text) as unknown);
}

async function leave(house: FuzzHouse): Promise<void> {
  await checkLeft(house, 'tcp');
  await checkAlive(house);
  await house.watch.quiet(HANG_MS);
  house.watch.check();
}
