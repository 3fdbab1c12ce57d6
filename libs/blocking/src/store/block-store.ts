import type { Block, OffenceKind, Subject } from '../block.ts';

export type Eventually<T> = T | Promise<T>;

/** Where a reader of changes has got to. Another `epoch` is another history: the store has lost what it knew. */
export interface Cursor {
  readonly epoch: string;
  readonly version: number;
}

export interface Changes {
  /** It began anew: nothing that was read before counts. */
  readonly fresh: boolean;
  readonly cursor: Cursor;
  readonly blocked: readonly Block[];
  readonly lifted: readonly Subject[];
}

/** Counts offences and keeps blocks until they end. Bounded in memory. Rejects where it can't tell. */
export abstract class BlockStore {
  /** Counts `times` offences. Where that is too many, the subject is blocked: the answer is the new block. */
  abstract offend(subject: Subject, kind: OffenceKind, times?: number): Eventually<Block | undefined>;

  /** Keeps a block that was made elsewhere, unless something younger is known of its subject; answers what is in force. */
  abstract put(block: Block): Eventually<Block | undefined>;

  /** Ends a block and forgives what led to it. Says whether there was one. */
  abstract lift(subject: Subject): Eventually<boolean>;

  /** A key was proven from there: blocks that the place gets from now on spare good keys. */
  abstract vouch(network: string): Eventually<void>;

  /** What became of subjects since the cursor; without one, all that is in force. */
  abstract changes(since?: Cursor): Eventually<Changes>;
}
