import type { Removal, Removed } from './removal.ts';
import type { Removals } from './removals.ts';

/** What may go from one place, looked at line by line. */
export interface Due {
  readonly removed: readonly Removed[];
  readonly records: number;
  /** Why something stays that would have to go: what does not verify is evidence. */
  readonly faults: readonly string[];
}

/** A place where chains are kept, and where what is old enough is removed from their beginnings. */
export abstract class RetainedStore {
  abstract removals(): Promise<Removals>;
  /** Rejects when `signal` aborts. */
  abstract due(before: Date, gone: Removals['chains'], signal: AbortSignal): Promise<Due>;
  /** Puts a statement in the place of the one by the same key. Durable when it resolves: nobody misses then what it names. */
  abstract state(keyId: string, line: string): Promise<void>;
  /** Removes what the statement names, as far as it is still there. */
  abstract sweep(removal: Pick<Removal, 'chains'>): Promise<void>;
}
