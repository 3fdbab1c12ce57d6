import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { jsonOf } from '../arbitraries/json.ts';
import { json } from '../arbitraries/json.ts';
import { fail, sentIn } from '../answer-checks.ts';
import { checkAlive, send, type Exchange, type SendOptions } from '../client.ts';
import { HANG_MS, type FuzzHouse } from '../house/open-house.ts';
import { property } from '../property.ts';
import { checkExchange } from './door.ts';

/** How a client answers what it is asked. */
type Manner = 'well' | 'badly' | 'never' | 'twice';

/** One thing that one of two clients does in one of its sessions, while all before it may still be under way. */
interface Step {
  readonly kind:
    'call' | 'listen' | 'notify' | 'cancel' | 'subscribe' | 'end' | 'open' | 'foreign' | 'respond';
  readonly session: number;
  readonly tool: { readonly name: string; readonly arguments?: unknown };
  readonly manner: Manner;
  /** Leaves so soon, in milliseconds. */
  readonly dropAfterMs: number | undefined;
  /** Comes back for what it has missed. */
  readonly resumes: boolean;
  readonly pauseMs: number;
  readonly stray: unknown;
}

const anyStep = fc.record<Step>({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step['kind']>('call') },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Step['kind']>(
        'listen',
        'notify',
        'cancel',
        'subscribe',
        'end',
        'open',
        'foreign',
        'respond',
      ),
    },
  ),
  session: fc.nat({ max: 2 }),
  tool: fc.constantFrom(
    { name: 'echo', arguments: { text: 'a' } },
    { name: 'wait', arguments: { ms: 5 } },
    { name: 'ask', arguments: { text: 'a' } },
    { name: 'crash_later' },
    { name: 'nothing' },
  ),
  manner: fc.constantFrom<Manner>('well', 'well', 'badly', 'never', 'twice'),
  dropAfterMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat({ max: 8 }) },
  ),
  resumes: fc.boolean(),
  pauseMs: fc.oneof(fc.constant(0), fc.nat({ max: 4 })),
  stray: json,
});

const LEGACY = '2025-11-25';
const GOOD = { action: 'accept', content: { name: 'Ann' } };

/** One run: its clients, their sessions, and what they wait for. */
class Conversation {
  readonly #house: FuzzHouse;
  /** Two of one principal, and one of another. */
  readonly #sessions: string[] = [];
  /** With a session ends what its client waits for in it. */
  readonly #ended = new Set<string | undefined>();
  #ids = 0;
  #lastId: unknown = undefined;

  constructor(house: FuzzHouse) {
    this.#house = house;
  }

  async open(): Promise<void> {
    for (const session of [0, 1, 2]) await this.#initialize(session);
  }

  async take(step: Step): Promise<void> {
    const { kind, session, tool, dropAfterMs } = step;
    switch (kind) {
      case 'call':
        return this.#call(step);
      case 'listen':
        await this.#listen(session, undefined, 10);
        return;
      case 'notify':
        return this.#post(session, { method: 'notifications/initialized' }, { dropAfterMs });
      case 'cancel':
        return this.#post(
          session,
          { method: 'notifications/cancelled', params: { requestId: this.#lastId } },
          {},
        );
      case 'subscribe':
        return this.#post(session, this.#request('resources/subscribe', { uri: 'fuzz://rules' }), {});
      case 'open':
        return this.#initialize(session);
      case 'end':
        this.#ended.add(this.#sessions[session]);
        await this.#send(session, { method: 'DELETE' });
        return;
      case 'respond':
        return this.#post(session, { id: 'ask-1', result: step.stray }, {});
      case 'foreign': {
        // Another's session is none.
        const headers = { ...this.#headers(2), authorization: this.#house.credentials.service! };
        const body = jsonOf({ jsonrpc: '2.0', ...this.#request('tools/call', tool) });
        const exchange = await send(this.#house, { headers, body });
        if (exchange && ![404, 504].includes(exchange.status))
          fail('was given in the session of another', exchange);
      }
    }
  }

  async #initialize(session: number): Promise<void> {
    const params = {
      protocolVersion: LEGACY,
      capabilities: { elicitation: {} },
      clientInfo: { name: 'fuzz', version: '1' },
    };
    const body = jsonOf({ jsonrpc: '2.0', ...this.#request('initialize', params) });
    const { authorization } = this.#headers(session);
    const exchange = await send(this.#house, { body, headers: { authorization: authorization! } });
    if (!exchange) return;
    checkExchange(exchange, sentIn(body), this.#house);
    if (exchange.status === 504) return;
    if (exchange.sessionId === undefined) fail('opened no session', exchange);
    this.#sessions[session] = exchange.sessionId;
  }

  /** A call whose client may leave, and come back for the answer. */
  async #call({ session, tool, manner, dropAfterMs, resumes }: Step): Promise<void> {
    const message = this.#request('tools/call', { ...tool, _meta: { progressToken: this.#ids } });
    const own = this.#sessions[session];
    const onEvent = (data: string) => void this.#answer(session, data, manner).catch(() => undefined);
    const body = jsonOf({ jsonrpc: '2.0', ...message });
    const leave = dropAfterMs === undefined ? {} : { leaveAfterMs: dropAfterMs };
    const exchange = await this.#send(session, { body, onEvent, ...leave });
    if (!exchange) return;
    const complete = exchange.complete && !this.#ended.has(own);
    const answers = checkExchange({ ...exchange, complete }, sentIn(body), this.#house);
    if (!resumes || exchange.complete || exchange.lastEventId === undefined) return;
    const rest = await this.#listen(session, exchange.lastEventId, 60);
    const later = rest.filter(
      (data) => (JSON.parse(data) as { id?: unknown; method?: string }).id === message.id,
    );
    if (answers + later.length > 1) fail('came twice', later);
  }

  async #listen(
    session: number,
    lastEventId: string | undefined,
    leaveAfterMs: number,
  ): Promise<readonly string[]> {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const exchange = await this.#send(session, { method: 'GET', headers, leaveAfterMs });
    return exchange?.events ?? [];
  }

  async #answer(session: number, data: string, manner: Manner): Promise<void> {
    const { id, method } = JSON.parse(data) as { id?: unknown; method?: string };
    if (method !== 'elicitation/create' || manner === 'never') return;
    const result = manner === 'badly' ? { action: 'accept', content: 5 } : GOOD;
    const post = () => this.#post(session, { id, result }, {});
    await Promise.all(manner === 'twice' ? [post(), post()] : [post()]);
  }

  async #post(session: number, message: object, options: SendOptions): Promise<void> {
    const body = jsonOf({ jsonrpc: '2.0', ...message });
    const exchange = await this.#send(session, { ...options, body });
    if (exchange) checkExchange(exchange, sentIn(body), this.#house);
  }

  #send(session: number, { headers, ...options }: SendOptions): Promise<Exchange | undefined> {
    return send(this.#house, { ...options, headers: { ...this.#headers(session), ...headers } });
  }

  #headers(session: number): Record<string, string> {
    const { service, other } = this.#house.credentials;
    return {
      authorization: (session === 2 ? other : service)!,
      'mcp-protocol-version': LEGACY,
      'mcp-session-id': this.#sessions[session] ?? 'none',
    };
  }

  #request(method: string, params: object) {
    this.#lastId = ++this.#ids % 2 === 0 ? this.#ids : `call ${this.#ids}`;
    return { id: this.#lastId, method, params };
  }
}

/** Sessions of 2025, with all that goes on in them at once. */
export const sessionSteps = property({
  name: 'session/steps',
  what: 'whatever clients do in their sessions at once, each call has one answer and one record, and nobody hears another',
  runs: 25,
  arbitrary: fc.array(anyStep, { minLength: 1, maxLength: 12 }),
  async check(steps, house) {
    const conversation = new Conversation(house);
    await conversation.open();
    const faults: unknown[] = [];
    const underWay: Promise<unknown>[] = [];
    for (const one of steps) {
      underWay.push(conversation.take(one).catch((fault: unknown) => faults.push(fault)));
      if (one.pauseMs > 0) await sleep(one.pauseMs);
    }
    await Promise.all(underWay);
    if (faults.length > 0) throw faults[0];
    await house.watch.quiet(HANG_MS);
    house.watch.check();
    await checkAlive(house);
  },
});
