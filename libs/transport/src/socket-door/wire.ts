import type { GatehouseError } from '#errors';
import type { Ending } from './endings.ts';

/** Whoever reads from a wire. */
export interface WireReader {
  /** One message, whole, in UTF-8. */
  message(bytes: Buffer): void;
  /** What came is no message, and nothing after it can be read. */
  refused(error: GatehouseError, ending: Ending): void;
  /** No more will come; what was asked before may still be answered. */
  finished(): void;
  /** What waited for the client was taken. */
  drained(): void;
  closed(): void;
}

/** A connection that carries whole messages, as text: what each door makes of its bytes. */
export abstract class Wire {
  /** Set by whoever takes the wire over, before the first byte is read. */
  reader!: WireReader;
  abstract readonly open: boolean;
  /** Bytes that wait for the client to take them. */
  abstract readonly unread: number;
  /** Bytes that the system has taken so far: while they grow, somebody reads. */
  abstract readonly taken: number;
  /** When the message began to come that is not whole yet, on the clock of `performance.now()`; nothing while it may not come. */
  abstract readonly partialSince: number | undefined;
  abstract send(text: string): void;
  /** Bytes stay with the client until `resume`. What was read before may still be told. */
  abstract pause(): void;
  abstract resume(): void;
  /** Says why where the door has words for it, lets what was sent leave, and closes. */
  abstract end(ending: Ending): void;
  /** Closes at once. */
  abstract cut(): void;

  /** Asks whether somebody is there; says false when the question before was not answered. */
  probe(): boolean {
    return true;
  }
}
