import { after, allowed, Call, refusedBy, type Outcome } from '#call';
import type { Connected } from '#connections';
import { GatehouseError } from '#errors';
import { errorAnswer, type Answer } from '#mcp';
import { parseJson } from '#validation';
import { endings, type Ending } from './endings.ts';
import { identify } from './message-id.ts';
import { Outbox } from './outbox.ts';
import { SocketCall, type Lender } from './socket-call.ts';
import { SocketOutlet } from './socket-outlet.ts';
import type { SocketTools, Visitor } from './socket-tools.ts';
import type { Wire, WireReader } from './wire.ts';

/** Arguments may be as deep as a body over REST: they lie in the params of a message. */
const MAX_DEPTH = 12;
/** Calls of one connection that wait for their answers: past these, nothing more is read. */
const MOST_RUNNING = 64;
/** Calls of one connection that have begun to speak, which may go on for as long as they like. */
const MOST_STREAMS = 256;
/** Of limits that are the client's own: one of all together, or of one tool, is no reason to go. */
const OWN_LIMITS = new Set(['client', 'tier-minute', 'tier-hour', 'address']);

const gone = new GatehouseError('CANCELLED', 'The client has gone');
const cancelled = new GatehouseError('CANCELLED', 'The client has cancelled the call');

/** One connection that is let in: messages come, each is a call, and each is answered once its record is safe. */
export class ServedConnection implements WireReader, Lender, Connected {
  readonly since = Date.now();
  lastActiveAt = Date.now();
  calls = 0;
  /** Of a client of 2025, once it has shaken hands. */
  sessionId: string | undefined = undefined;
  /** Told when its connection has ended, and how. */
  readonly over: Promise<Ending>;
  /** Told when each call has its record too. */
  readonly quiet: Promise<void>;
  #over!: (ending: Ending) => void;
  #quiet!: () => void;
  #ending: Ending | undefined;
  /** Read, and not yet begun. */
  readonly #inbox: Buffer[] = [];
  readonly #running = new Set<SocketCall>();
  readonly #streams = new Set<SocketCall>();
  readonly #outbox: Outbox;
  readonly #standing = new SocketOutlet(this);
  readonly #wire: Wire;
  readonly #tools: SocketTools;
  readonly #visitor: Visitor;
  #paused = false;
  #finished = false;

  constructor(wire: Wire, visitor: Visitor, tools: SocketTools) {
    this.#wire = wire;
    this.#visitor = visitor;
    this.#tools = tools;
    this.#outbox = new Outbox(wire, () => this.end(endings.unread));
    this.over = new Promise((resolve) => (this.#over = resolve));
    this.quiet = new Promise((resolve) => (this.#quiet = resolve));
    wire.reader = this;
  }

  get id() {
    return this.#visitor.id;
  }
  get door() {
    return this.#visitor.door;
  }
  get address() {
    return this.#visitor.address;
  }
  get principal() {
    return this.#visitor.principal;
  }
  get open(): boolean {
    return this.#wire.open;
  }

  /** How many calls are under way. */
  get running(): number {
    return this.#running.size + this.#streams.size;
  }

  get doing(): readonly string[] {
    return [...this.#running, ...this.#streams].map(({ call }) => call.target ?? 'unknown');
  }

  message(bytes: Buffer): void {
    if (this.#ending) return;
    if (this.#isFull || this.#inbox.length > 0) this.#inbox.push(bytes);
    else this.#begin(bytes);
    this.#throttle();
  }

  refused(error: GatehouseError, ending: Ending): void {
    const one = this.#opened();
    void after(this.#tools.dispatcher.refuse(error, one.call), (answer) => this.#answered(one, answer));
    this.end(ending);
  }

  finished(): void {
    this.#finished = true;
    this.#pump();
  }

  drained(): void {
    this.#outbox.flush();
    this.#pump();
  }

  closed(): void {
    this.#ending ??= endings.left;
    this.#inbox.length = 0;
    for (const one of [...this.#running, ...this.#streams]) one.abandon(gone);
    for (const { outlet } of this.#streams) outlet?.end();
    this.#streams.clear(); // On record already.
    this.#standing.end();
    this.#leaveSession();
    this.#over(this.#ending);
    if (this.running === 0) this.#quiet();
  }

  /** Reads no more. Closes at once, or as soon as what runs is answered. */
  end(ending: Ending): void {
    if (ending === endings.unread || ending === endings.silent) {
      this.#ending ??= ending;
      return this.#wire.cut();
    }
    if (this.#ending && (this.#ending.answers === ending.answers || ending.answers)) return;
    this.#ending = ending;
    this.#inbox.length = 0;
    // Streams have no end of their own. When the server goes, whoever feeds them ends them in good order.
    if (ending !== endings.shutdown) for (const one of this.#streams) one.abandon(gone);
    this.#throttle();
    if (!ending.answers) this.#wire.end(ending);
    else this.#endWhenIdle();
  }

  /** By an administrator. */
  close(): void {
    this.end(endings.ordered);
  }

  cut(): void {
    this.#wire.cut();
  }

  push(text: string): void {
    this.lastActiveAt = Date.now();
    this.#outbox.push(text);
  }

  cutUnread(): void {
    this.end(endings.unread);
  }

  record(call: Call, outcome: Outcome): Promise<unknown> {
    return this.#tools.settlement.settle(call, outcome);
  }

  cancel(id: unknown): void {
    for (const one of [...this.#running, ...this.#streams]) if (one.id === id) one.abandon(cancelled);
  }

  /** The record says how the call began; what comes of it is said on its stream. */
  openStream(one: SocketCall): SocketOutlet | undefined {
    if (!this.open || this.#streams.size >= MOST_STREAMS) return undefined;
    const outlet = (one.outlet = new SocketOutlet(this));
    this.#tools.deadlines.end(one);
    this.#running.delete(one);
    this.#streams.add(one);
    this.record(one.call, allowed(one.call, 200)).then(
      () => outlet.begin(),
      (error: unknown) => {
        outlet.abandon();
        one.call.cancel(gone);
        this.#tell(errorAnswer(error, one.call, told(one)).body);
      },
    );
    this.#pump();
    return outlet;
  }

  /** Its time is up. */
  expire(one: SocketCall, late: GatehouseError): void {
    if (one.done) return;
    const error = one.unwanted ?? late;
    this.#answered(one, errorAnswer(error, one.call, told(one)));
    one.call.cancel(error);
  }

  get #isFull(): boolean {
    return this.#running.size >= MOST_RUNNING || this.#outbox.isFull;
  }

  #opened(): SocketCall {
    const { door, address, authorization } = this.#visitor;
    const one = new SocketCall(new Call({ door, address, authorization }), this);
    this.#running.add(one);
    this.#tools.deadlines.start(one);
    this.calls++;
    this.lastActiveAt = one.call.receivedAt;
    return one;
  }

  #begin(bytes: Buffer): void {
    const one = this.#opened();
    const { blocks } = this.#tools;
    const blocked = this.door === 'stdio' ? undefined : blocks.find(one.call.address);
    if (!blocked) return this.#dispatch(one, bytes);
    void after(blocks.refusalOf(one.call, blocked), (refusal) => {
      if (!refusal) return this.#dispatch(one, bytes);
      // Counted with the others of that address.
      one.call.settled = true;
      this.#answered(one, errorAnswer(refusal, one.call, told(one)));
      this.end(endings.blocked);
    });
  }

  #dispatch(one: SocketCall, bytes: Buffer): void {
    const { dispatcher } = this.#tools;
    let message: unknown;
    try {
      message = parseJson(bytes, { depth: MAX_DEPTH });
    } catch (error) {
      void after(dispatcher.refuse(error, one.call), (answer) => this.#answered(one, answer));
      return;
    }
    identify(one, message);
    void after(dispatcher.dispatch(message, one.call, one), (answer) => this.#answered(one, answer));
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
    settlement.settle(call, outcome).then(
      () => this.#recorded(one, answer, outcome),
      (error: unknown) => {
        this.#tell(one.silent ? undefined : errorAnswer(error, call, told(one)).body);
        this.#release(one);
      },
    );
  }

  #recorded(one: SocketCall, answer: Answer, outcome: Outcome): void {
    const { sessionId, body } = answer;
    const { limits } = one.call;
    if (sessionId !== undefined) return void this.#enterSession(one, sessionId, body);
    // What was cancelled is not answered (MCP, "Cancellation").
    if (outcome.code !== 'CANCELLED') this.#tell(body);
    this.#release(one);
    if (outcome.code !== 'RATE_LIMITED' || !this.#visitor.endsOnExcess) return;
    if (limits && OWN_LIMITS.has(limits.name)) this.end(endings.excess);
  }

  async #enterSession(one: SocketCall, id: string, body: string | undefined): Promise<void> {
    const { principal } = one.call;
    this.#leaveSession();
    try {
      if (principal) await this.#tools.sessions.join(id, principal, this.#standing);
      this.sessionId = id;
    } catch {
      // It has ended already, or its store is away: the client is told so when it uses it.
    }
    this.#standing.begin();
    this.#tell(body);
    this.#release(one);
    if (!this.open) this.#leaveSession();
  }

  #leaveSession(): void {
    const { sessionId, principal } = this;
    this.sessionId = undefined;
    if (sessionId !== undefined && principal) void this.#tools.sessions.leave(sessionId, principal);
  }

  #tell(body: string | undefined): void {
    if (body === undefined || !this.open) return;
    this.lastActiveAt = Date.now();
    this.#outbox.add(body);
  }

  #release(one: SocketCall): void {
    this.#running.delete(one);
    this.#streams.delete(one);
    this.#pump();
    this.#endWhenIdle();
    if (!this.open && this.running === 0) this.#quiet();
  }

  #pump(): void {
    while (this.#inbox.length > 0 && !this.#isFull && !this.#ending) this.#begin(this.#inbox.shift()!);
    if (this.#finished && this.#inbox.length === 0) this.end(endings.left);
    this.#throttle();
  }

  /** Whatever can't be taken in now stays with the client. */
  #throttle(): void {
    const pause = !this.#ending && (this.#isFull || this.#inbox.length > 0);
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#wire.pause();
    else this.#wire.resume();
  }

  #endWhenIdle(): void {
    if (this.#ending?.answers && this.running === 0) this.#wire.end(this.#ending);
  }
}

/** What the door knows of a message that the dispatcher has no answer for. */
function told({ id, silent }: SocketCall) {
  return { id, era: undefined, silent, malformed: false };
}
