import { after, allowed, Call, refusedBy, type Outcome } from '#call';
import { GatehouseError } from '#errors';
import { errorAnswer, type Answer } from '#mcp';
import { parseJson } from '#validation';
import { contained } from '../contained.ts';
import { endings, type Ending } from './endings.ts';
import { identify } from './message-id.ts';
import { SocketCall, type Lender } from './socket-call.ts';
import { SocketOutlet, type Speaker } from './socket-outlet.ts';
import type { SocketTools } from './socket-tools.ts';
import type { Visitor } from './visitor.ts';

/** Arguments may be as deep as a body over REST: they lie in the params of a message. */
const MAX_DEPTH = 12;
/** Calls of one connection that have begun to speak, which may go on for as long as they like. */
const MOST_STREAMS = 256;
/** Of limits that are the client's own: one of all together, or of one tool, is no reason to go. */
const OWN_LIMITS = new Set(['client', 'tier-minute', 'tier-hour', 'address']);

const cancelled = new GatehouseError('CANCELLED', 'The client has cancelled the call');

/** The connection that the calls are of. */
export interface Counter extends Speaker {
  readonly sessionId: string | undefined;
  /** Says what was asked for; nothing where there is nothing to say. */
  tell(text: string | undefined): void;
  /** The client of 2025 has shaken hands: resolves once what is said to its session is said here. */
  enterSession(id: string, call: Call): Promise<void>;
  /** A call is over, or does not hold up others any more. */
  freed(): void;
  end(ending: Ending): void;
}

/** The calls of one connection: each is made, dispatched, and answered once its record is safe. */
export class CallDesk implements Lender {
  readonly #running = new Set<SocketCall>();
  readonly #streams = new Set<SocketCall>();
  readonly #counter: Counter;
  readonly #visitor: Visitor;
  readonly #tools: SocketTools;
  /** Calls so far. */
  count = 0;

  constructor(counter: Counter, visitor: Visitor, tools: SocketTools) {
    this.#counter = counter;
    this.#visitor = visitor;
    this.#tools = tools;
  }

  /** How many are under way; of these, `waiting` have not begun to speak. */
  get open(): number {
    return this.#running.size + this.#streams.size;
  }
  get waiting(): number {
    return this.#running.size;
  }
  get sessionId(): string | undefined {
    return this.#counter.sessionId;
  }
  get targets(): string[] {
    return [...this.#running, ...this.#streams].map(({ call }) => call.target ?? 'unknown');
  }

  take(bytes: Buffer): void {
    const one = this.#opened();
    const { blocks } = this.#tools;
    const blocked = this.#visitor.door === 'stdio' ? undefined : blocks.find(one.call.address);
    if (!blocked) return this.#dispatch(one, bytes);
    this.#goOn(blocks.refusalOf(one.call, blocked), (refusal) => {
      if (!refusal) return this.#dispatch(one, bytes);
      // Counted with the others of that address.
      one.call.settled = true;
      this.#answered(one, errorAnswer(refusal, one.call, told(one)));
      this.#counter.end(endings.blocked);
    });
  }

  /** Of what could not even be read. */
  refuse(error: GatehouseError): void {
    this.#refuse(this.#opened(), error);
  }

  /** The connection is gone. */
  abandonAll(why: GatehouseError): void {
    for (const one of this.#running) one.abandon(why);
    this.abandonStreams(why);
    for (const { outlet } of this.#streams) outlet?.end();
    this.#streams.clear(); // On record already.
  }

  /** Streams have no end of their own. */
  abandonStreams(why: GatehouseError): void {
    for (const one of this.#streams) one.abandon(why);
  }

  record(call: Call, outcome: Outcome): Promise<unknown> {
    return this.#tools.settlement.settle(call, outcome);
  }

  cancel(id: unknown): void {
    for (const one of [...this.#running, ...this.#streams]) if (one.id === id) one.abandon(cancelled);
  }

  /** The record says how the call began; what comes of it is said on its stream. */
  openStream(one: SocketCall): SocketOutlet | undefined {
    if (!this.#counter.open || this.#streams.size >= MOST_STREAMS) return undefined;
    const outlet = (one.outlet = new SocketOutlet(this.#counter));
    this.#tools.deadlines.end(one);
    this.#running.delete(one);
    this.#streams.add(one);
    const recorded = this.record(one.call, allowed(one.call, 200)).then(
      () => outlet.begin(),
      (error: unknown) => this.#unrecorded(one, error),
    );
    this.#goOn(recorded);
    this.#counter.freed();
    return outlet;
  }

  /** Its time is up. */
  expire(one: SocketCall, late: GatehouseError): void {
    if (one.done) return;
    const error = one.unwanted ?? late;
    this.#answered(one, errorAnswer(error, one.call, told(one)));
    one.call.cancel(error);
  }

  #opened(): SocketCall {
    const { door, address, authorization, clientCertificate } = this.#visitor;
    const one = new SocketCall(new Call({ door, address, authorization, clientCertificate }), this);
    this.#running.add(one);
    this.#tools.deadlines.start(one);
    this.count++;
    return one;
  }

  #dispatch(one: SocketCall, bytes: Buffer): void {
    let message: unknown;
    try {
      message = parseJson(bytes, { depth: MAX_DEPTH });
    } catch (error) {
      return this.#refuse(one, error);
    }
    identify(one, message);
    this.#goOn(this.#tools.dispatcher.dispatch(message, one.call, one), (answer) =>
      this.#answered(one, answer),
    );
  }

  #refuse(one: SocketCall, error: unknown): void {
    this.#goOn(this.#tools.dispatcher.refuse(error, one.call), (answer) => this.#answered(one, answer));
  }

  #answered(one: SocketCall, answer: Answer): void {
    if (one.done) return; // Its time was up first.
    one.done = true;
    const { deadlines, settlement, blocks } = this.#tools;
    deadlines.end(one);
    if (one.outlet) return this.#release(one); // All was said on its stream.
    const { call } = one;
    let outcome = answer.outcome ?? allowed(call, answer.status);
    // It failed because nobody wants it any more, which is no fault of ours.
    if (outcome.code === 'INTERNAL' && one.unwanted) outcome = refusedBy(one.unwanted);
    if (!call.settled && outcome.result === 'refused') call.settled = blocks.absorbs(call);
    const recorded = settlement.settle(call, outcome).then(
      () => this.#recorded(one, answer, outcome),
      (error: unknown) => {
        if (!one.silent) this.#counter.tell(errorAnswer(error, call, told(one)).body);
        this.#release(one);
      },
    );
    this.#goOn(recorded);
  }

  #recorded(one: SocketCall, { body, sessionId }: Answer, { code }: Outcome): void {
    const { call } = one;
    const entered = sessionId === undefined ? undefined : this.#counter.enterSession(sessionId, call);
    // What was cancelled is not answered (MCP, "Cancellation").
    if (code !== 'CANCELLED') this.#counter.tell(body);
    if (entered) return this.#goOn(entered, () => this.#release(one));
    this.#release(one);
    const isExcess = code === 'RATE_LIMITED' && call.limits && OWN_LIMITS.has(call.limits.name);
    if (isExcess && this.#visitor.endsOnExcess) this.#counter.end(endings.excess);
  }

  /** No word without its record: the client is told that the call failed, and nothing of what was to be said. */
  #unrecorded(one: SocketCall, error: unknown): void {
    one.outlet?.abandon();
    one.abandon(cancelled);
    this.#counter.tell(errorAnswer(error, one.call, told(one)).body);
  }

  /** Now, or later. A fault that nobody foresaw ends this connection alone. */
  #goOn<T>(value: T | PromiseLike<T>, next: (value: T) => void = () => undefined): void {
    contained(
      () => after(value, next),
      () => this.#counter.end(endings.faulty),
    );
  }

  #release(one: SocketCall): void {
    this.#running.delete(one);
    this.#streams.delete(one);
    this.#counter.freed();
  }
}

/** What the door knows of a message that the dispatcher has no answer for. */
function told({ id, silent }: SocketCall) {
  return { id, era: undefined, silent, malformed: false };
}
