import fc from 'fast-check';
import { headersFor, strayHeaders } from '../arbitraries/headers.ts';
import { jsonOf } from '../arbitraries/json.ts';
import { envelope } from '../arbitraries/message.ts';
import { checkMessage, checkResponse, fail, sentIn, type Sent } from '../answer-checks.ts';
import { send, type Exchange } from '../client.ts';
import { HANG_MS, type Caller, type FuzzHouse } from '../house/open-house.ts';
import { property } from '../property.ts';

/** What one exchange has to be whatever was sent, and the answers in it. */
export function checkExchange(exchange: Exchange, sent: Sent, house: FuzzHouse): number {
  const { status, body, events, callId, complete } = exchange;
  const messages = [...(body === '' ? [] : [body]), ...events].map(
    (text) => JSON.parse(text) as { method?: string },
  );
  const responses = messages.filter(({ method }) => method === undefined);
  for (const message of messages) checkMessage(message);
  for (const response of responses) {
    checkResponse(response, sent);
    if (response.id === undefined && status < 400) fail('names no request, and is no refusal', exchange);
    if (response.result && !response.result.isError && !house.watch.hasPassedAll(callId ?? ''))
      fail('came past the guards', exchange);
  }
  if (responses.length > 1) fail('is one of several', exchange);
  if (complete && sent.id !== undefined && responses.length !== 1) fail('is missing', exchange);
  if (sent.silent && status < 400 && messages.length > 0) fail('was given to a notification', exchange);
  if (callId === undefined) fail('names no call', exchange);
  if (house.watch.settlementsOf(callId) !== 1)
    fail(
      `left before its call was settled, or after it was ${house.watch.settlementsOf(callId)} times`,
      exchange,
    );
  if (status >= 500 && status !== 504) fail('is a fault of ours', exchange);
  return responses.length;
}

/** Any message over HTTP. */
export const doorMessage = property({
  name: 'door/message',
  what: 'any message over HTTP has one answer and one record, as the official schema has it',
  runs: 60,
  arbitrary: fc.record({
    who: fc.constantFrom<Caller>('service', 'service', 'auditor', 'admin', 'nobody', 'wrong'),
    envelope,
    stray: strayHeaders,
  }),
  async check({ who, envelope: sealed, stray }, house) {
    const body = jsonOf(sealed.message);
    const authorization = house.credentials[who];
    const headers = { ...headersFor(sealed, stray), ...(authorization && { authorization }) };
    // That one does not end by itself.
    const leaveAfterMs = sentIn(body).method === 'subscriptions/listen' ? 10 : undefined;
    const exchange = await send(house, { body, headers, leaveAfterMs });
    if (exchange) checkExchange(exchange, sentIn(body), house);
    await house.watch.quiet(HANG_MS);
    house.watch.check();
  },
});
