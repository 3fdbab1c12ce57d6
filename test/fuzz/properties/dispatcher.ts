import fc from 'fast-check';
import { allowed, Call, Settlement } from '#call';
import { parseJson } from '#validation';
import { strayHeaders, headersFor } from '../arbitraries/headers.ts';
import { jsonOf } from '../arbitraries/json.ts';
import { envelope } from '../arbitraries/message.ts';
import { checkResponse, fail, sentIn, type Sent } from '../answer-checks.ts';
import { HANG_MS, type Caller, type FuzzHouse } from '../house/open-house.ts';
import { property } from '../property.ts';

const caller = fc.constantFrom<Caller>(
  'service',
  'service',
  'service',
  'auditor',
  'admin',
  'nobody',
  'wrong',
);

/** A body as the door reads it, and what is dispatched. */
async function dispatched(
  body: Uint8Array,
  who: Caller,
  headers: Record<string, string> | undefined,
  house: FuzzHouse,
) {
  const { dispatcher, credentials } = house;
  const call = new Call({ door: 'mcp', address: '127.0.0.1', authorization: credentials[who] });
  let message: unknown;
  try {
    message = parseJson(Buffer.from(body), { depth: 12 });
  } catch (error) {
    return { call, answer: await within(dispatcher.refuse(error, call)) };
  }
  const exchange = headers ? { header: (name: string) => headers[name] } : {};
  return { call, answer: await within(dispatcher.dispatch(message, call, exchange)) };
}

async function within<T>(answer: T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not settled within ${HANG_MS} ms`)), HANG_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** In the place of the door's. */
const bracket = new Settlement([]);

type Dispatched = Awaited<ReturnType<typeof dispatched>>;

async function checkDispatched({ call, answer }: Dispatched, sent: Sent, house: FuzzHouse): Promise<void> {
  const { status, body, outcome } = answer;
  await bracket.settle(call, outcome ?? allowed(call, status));
  if (body === undefined) {
    if (sent.id !== undefined) fail('is missing', { status, outcome: outcome?.code });
  } else {
    if (sent.silent && status < 400) fail('was given to a notification', body);
    const response: unknown = JSON.parse(body);
    checkResponse(response, sent);
    if (response.id === undefined && status < 400) fail('names no request, and is no refusal', body);
    // What a model is told of its input, a guard has thrown.
    if (response.result && !response.result.isError && !house.watch.hasPassedAll(call.id))
      fail('came past the guards', body);
    if (response.error?.data?.['code'] === 'INTERNAL' && sent.method !== 'tools/call')
      fail('is a fault of ours', body);
  }
  const isStranger = call.principal === undefined && !call.operation?.public;
  if (isStranger && status !== 401) fail('was given to a stranger', answer);
  if (status >= 500) fail('is a fault of ours', answer);
  house.watch.check();
}

/** Any bytes at all. */
export const dispatcherBytes = property({
  name: 'dispatcher/bytes',
  what: 'any bytes are answered once at most, by nothing but an error',
  runs: 500,
  arbitrary: fc.record({
    who: caller,
    body: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      envelope.chain(({ message }) => {
        const whole = Buffer.from(jsonOf(message));
        const change = fc.record({
          at: fc.nat({ max: Math.max(0, whole.length - 1) }),
          byte: fc.nat({ max: 255 }),
        });
        return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
          const changed = Uint8Array.from(whole);
          for (const { at, byte } of changes) changed[at] = byte;
          return changed;
        });
      }),
    ),
  }),
  async check({ who, body }, house) {
    const sent = sentIn(Buffer.from(body).toString());
    await checkDispatched(await dispatched(body, who, undefined, house), { ...sent, silent: false }, house);
  },
});

/** Any message, in every revision, with and without headers. */
export const dispatcherMessage = property({
  name: 'dispatcher/message',
  what: 'any message is answered once, with its own id, behind all the guards',
  runs: 300,
  arbitrary: fc.record({
    who: caller,
    envelope,
    stray: strayHeaders,
    hasHeaders: fc.boolean(),
  }),
  async check({ who, envelope: sealed, stray, hasHeaders }, house) {
    const json = jsonOf(sealed.message);
    const headers = hasHeaders ? headersFor(sealed, stray) : undefined;
    const answer = await dispatched(Buffer.from(json), who, headers, house);
    await checkDispatched(answer, sentIn(json), house);
  },
});
