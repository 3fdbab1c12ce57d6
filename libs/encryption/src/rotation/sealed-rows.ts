/** So many rows are under one key. */
export interface KeyCount {
  /** Id of the key; null: in clear. */
  readonly key: string | null;
  readonly rows: number;
  /** To be done anew, although that key is the one in force. */
  readonly stale?: boolean;
}

export interface Resealed {
  readonly done: number;
  /** They do not open, so they stay as they are. */
  readonly failed: number;
  /** Where to go on; undefined at the end. */
  readonly next: string | undefined;
}

/** Rows that hold something sealed: whoever keeps such rows tells `KeyRotation` of them, before the program is up. */
export abstract class SealedRows {
  /** For people: `conversations`. */
  abstract readonly name: string;
  /** Whether rows in clear are to be sealed, too. */
  abstract readonly sealsAll: boolean;
  abstract counts(): Promise<KeyCount[]>;
  /**
   * Seals anew by the key in force, behind `after` in an order that does not change, some rows that another known key has
   * sealed (and those in clear, where they are to be sealed). Safe beside writers, and beside another who does the same.
   */
  abstract reseal(after: string | undefined, limit: number): Promise<Resealed>;
}
