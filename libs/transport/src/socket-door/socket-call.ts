import type { Call, Outcome } from '#call';
import type { GatehouseError } from '#errors';
import type { Exchange, Outlet } from '#mcp';
import type { SocketOutlet } from './socket-outlet.ts';

/** What a connection lends to one message. */
export interface Lender {
  readonly sessionId: string | undefined;
  openStream(one: SocketCall): SocketOutlet | undefined;
  record(call: Call, outcome: Outcome): Promise<unknown>;
  cancel(id: unknown): void;
  expire(one: SocketCall, late: GatehouseError): void;
}

/** One message of a connection, until its answer has left. */
export class SocketCall implements Exchange {
  /** Of the request, where it could be read. */
  id: string | number | undefined = undefined;
  /** Nobody waits for an answer. */
  silent = false;
  /** It has its answer: what comes later is none. */
  done = false;
  /** Why nobody wants the answer any more. */
  unwanted: GatehouseError | undefined = undefined;
  /** Set by the first word that is said before the answer. */
  outlet: SocketOutlet | undefined = undefined;

  constructor(
    readonly call: Call,
    private readonly lender: Lender,
  ) {}

  get sessionId(): string | undefined {
    return this.lender.sessionId;
  }

  openStream(): Outlet | undefined {
    return this.done || this.call.signal.aborted ? undefined : this.lender.openStream(this);
  }

  record(call: Call, outcome: Outcome): Promise<unknown> {
    return this.lender.record(call, outcome);
  }

  cancel(id: unknown): void {
    this.lender.cancel(id);
  }

  /** Its handler may heed it, or not. */
  abandon(why: GatehouseError): void {
    this.unwanted ??= why;
    this.call.cancel(why);
  }

  /** Its time is up. */
  expire(late: GatehouseError): void {
    this.lender.expire(this, late);
  }
}
