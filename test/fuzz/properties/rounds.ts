import fc from 'fast-check';
import { json, jsonOf, text } from '../arbitraries/json.ts';
import { fail, sentIn, type Response } from '../answer-checks.ts';
import { send, type Exchange } from '../client.ts';
import { HANG_MS, type Caller, type FuzzHouse } from '../house/open-house.ts';
import { property } from '../property.ts';
import { checkExchange } from './door.ts';

const NAMESPACE = 'io.modelcontextprotocol';
const META = {
  [`${NAMESPACE}/protocolVersion`]: '2026-07-28',
  [`${NAMESPACE}/clientCapabilities`]: { elicitation: {} },
};
const GOOD = { person: { action: 'accept', content: { name: 'Ann' } } };

interface Round {
  readonly who: Caller;
  readonly said: string;
  readonly more: object;
}

async function ask(house: FuzzHouse, { who, said, more }: Round): Promise<Exchange | undefined> {
  const params = { name: 'ask', arguments: { text: said }, ...more, _meta: META };
  const body = jsonOf({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  const headers = {
    authorization: house.credentials[who]!,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'ask',
  };
  const exchange = await send(house, { body, headers });
  if (exchange) checkExchange(exchange, sentIn(body), house);
  // Too late, on a machine that has much to do.
  return exchange?.status === 504 ? undefined : exchange;
}

/** What a client of 2026-07-28 is given to keep, and what it makes of it. */
export const rounds = property({
  name: 'rounds/state',
  what: 'a requestState opens for the call that it was sealed for, and for no other',
  runs: 40,
  arbitrary: fc.record({
    /** Where the sealed text is changed, and into what; not at all where it is the same. */
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    change: fc.oneof(
      { weight: 2, arbitrary: fc.constant(undefined) },
      fc.constantFrom('A', '_', '.', ''),
      text,
    ),
    who: fc.constantFrom<Caller>('service', 'service', 'other'),
    said: fc.constantFrom('a', 'a', 'b'),
    responses: fc.oneof(fc.constant(GOOD), fc.record({ person: json })),
  }),
  async check({ at, change, who, said, responses }, house) {
    const first = await ask(house, { who: 'service', said: 'a', more: {} });
    if (!first) return;
    const state = (JSON.parse(first.body) as Response).result?.['requestState'];
    if (typeof state !== 'string') fail('asks for nothing', first);
    const place = Math.floor(at * state.length);
    const requestState =
      change === undefined ? state : `${state.slice(0, place)}${change}${state.slice(place + 1)}`;
    const second = await ask(house, { who, said, more: { requestState, inputResponses: responses } });
    const { result, error } = JSON.parse(second?.body ?? '{}') as Response;
    const isSealed = requestState === state && who === 'service' && said === 'a';
    if (second && !isSealed && error?.data?.['code'] !== 'STATE_REFUSED' && result)
      fail('opened a state that was sealed for another call', { requestState, who, said, result });
    if (second && isSealed && responses === GOOD && result?.resultType !== 'complete')
      fail('did not open its own state', { result, error });
    await house.watch.quiet(HANG_MS);
    house.watch.check();
  },
});
