import type { Call } from '#call';
import type { Connected } from '#connections';
import { GatehouseError } from '#errors';
import { CallDesk, type Counter } from './call-desk.ts';
import { ConnectionSession } from './connection-session.ts';
import { endings, type Ending } from './endings.ts';
import { Outbox } from './outbox.ts';
import type { SocketTools } from './socket-tools.ts';
import type { Visitor } from './visitor.ts';
import type { Wire, WireReader } from './wire.ts';

/** Calls of one connection that wait for their answers: past these, nothing more is read. */
const MOST_RUNNING = 64;

const gone = new GatehouseError('CANCELLED', 'The client has gone');

/** One connection that is let in: what comes is read as fast as it can be answered, until it ends. */
export class ServedConnection implements WireReader, Counter, Connected {
  readonly since = Date.now();
  lastActiveAt = Date.now();
  /** Told when its connection has ended, and how. */
  readonly over: Promise<Ending>;
  /** Told when each call has its record too. */
  readonly quiet: Promise<void>;
  #over!: (ending: Ending) => void;
  #quiet!: () => void;
  #ending: Ending | undefined;
  /** Read, and not yet begun. */
  readonly #inbox: Buffer[] = [];
  readonly #outbox: Outbox;
  readonly #calls: CallDesk;
  readonly #session: ConnectionSession;
  readonly #wire: Wire;
  readonly #visitor: Visitor;
  #isPaused = false;
  #isFinished = false;

  constructor(wire: Wire, visitor: Visitor, tools: SocketTools) {
    this.#wire = wire;
    this.#visitor = visitor;
    this.#calls = new CallDesk(this, visitor, tools);
    this.#session = new ConnectionSession(tools.sessions, this);
    this.#outbox = new Outbox(wire, () => this.cutUnread());
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
  get sessionId(): string | undefined {
    return this.#session.id;
  }
  get calls(): number {
    return this.#calls.count;
  }
  /** How many calls are under way. */
  get running(): number {
    return this.#calls.open;
  }
  get doing(): readonly string[] {
    return this.#calls.targets;
  }

  message(bytes: Buffer): void {
    if (this.#ending) return;
    this.lastActiveAt = Date.now();
    if (this.#isFull || this.#inbox.length > 0) this.#inbox.push(bytes);
    else this.#calls.take(bytes);
    this.#throttle();
  }

  refused(error: GatehouseError, ending: Ending): void {
    this.#calls.refuse(error);
    this.end(ending);
  }

  finished(): void {
    this.#isFinished = true;
    this.#pump();
  }

  drained(): void {
    this.#outbox.flush();
    this.#pump();
  }

  closed(): void {
    this.#ending ??= endings.left;
    this.#inbox.length = 0;
    this.#calls.abandonAll(gone);
    this.#session.end();
    this.#over(this.#ending);
    this.#settleDown();
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
    // When the server goes, whoever feeds the streams ends them in good order.
    if (ending !== endings.shutdown) this.#calls.abandonStreams(gone);
    this.#throttle();
    if (ending.answers) this.#settleDown();
    else this.#wire.end(ending);
  }

  /** By an administrator. */
  close(): void {
    this.end(endings.ordered);
  }

  cut(): void {
    this.#wire.cut();
  }

  cutUnread(): void {
    this.end(endings.unread);
  }

  tell(text: string | undefined): void {
    if (text === undefined || !this.open) return;
    this.lastActiveAt = Date.now();
    this.#outbox.add(text);
  }

  push(text: string): void {
    this.lastActiveAt = Date.now();
    this.#outbox.push(text);
  }

  async enterSession(id: string, { principal }: Call): Promise<void> {
    if (principal) await this.#session.enter(id, principal);
  }

  freed(): void {
    this.#pump();
    this.#settleDown();
  }

  get #isFull(): boolean {
    return this.#calls.waiting >= MOST_RUNNING || this.#outbox.isFull;
  }

  #pump(): void {
    while (this.#inbox.length > 0 && !this.#isFull && !this.#ending) this.#calls.take(this.#inbox.shift()!);
    if (this.#isFinished && this.#inbox.length === 0) this.end(endings.left);
    this.#throttle();
  }

  /** Whatever can't be taken in now stays with the client. */
  #throttle(): void {
    const pause = !this.#ending && (this.#isFull || this.#inbox.length > 0);
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.#wire.pause();
    else this.#wire.resume();
  }

  /** Goes on with the end once nothing runs any more. */
  #settleDown(): void {
    if (this.running > 0) return;
    if (!this.open) this.#quiet();
    else if (this.#ending?.answers) this.#wire.end(this.#ending);
  }
}
