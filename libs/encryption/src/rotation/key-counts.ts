import type { Envelope } from '../envelope.ts';
import type { SealedRows } from './sealed-rows.ts';

/** `current`: as it should be. `previous`, `clear`: to be sealed anew. `open`: in clear, and may be. `unknown`: no key here opens it. */
export type KeyState = 'current' | 'previous' | 'clear' | 'open' | 'unknown';

export interface KeyCountView {
  rows_of: string;
  /** Id of the key; null: in clear. */
  key: string | null;
  state: KeyState;
  rows: number;
}

export interface RotationStatus {
  /** Id of the key that seals here. */
  key: string;
  /** Whether it is the one that was put in force last; else another replica has a newer one. */
  in_force: boolean;
  /** Whether this process is at it. */
  running: boolean;
  /** Rows that are still to be sealed anew. */
  pending: number;
  /** Rows that no key here opens. */
  unknown: number;
  counts: KeyCountView[];
}

/** How many rows are under which key. */
export class KeyCounts {
  readonly #counts: readonly KeyCountView[];

  private constructor(counts: readonly KeyCountView[]) {
    this.#counts = counts;
  }

  static async of(all: readonly SealedRows[], envelope: Envelope): Promise<KeyCounts> {
    const counts: KeyCountView[] = [];
    for (const one of all) {
      for (const { key, rows, stale } of await one.counts()) {
        const state = stateOf(key, one, envelope);
        counts.push({
          rows_of: one.name,
          key,
          rows,
          state: stale && state === 'current' ? 'previous' : state,
        });
      }
    }
    return new KeyCounts(counts);
  }

  get pending(): number {
    return this.#rowsThatAre('previous') + this.#rowsThatAre('clear');
  }

  get unknown(): number {
    return this.#rowsThatAre('unknown');
  }

  view(): Pick<RotationStatus, 'pending' | 'unknown' | 'counts'> {
    return { pending: this.pending, unknown: this.unknown, counts: [...this.#counts] };
  }

  #rowsThatAre(state: KeyState): number {
    return this.#counts.reduce((sum, count) => sum + (count.state === state ? count.rows : 0), 0);
  }
}

function stateOf(key: string | null, { sealsAll }: SealedRows, envelope: Envelope): KeyState {
  if (key === null) return sealsAll ? 'clear' : 'open';
  if (key === envelope.keyId) return 'current';
  return envelope.knows(key) ? 'previous' : 'unknown';
}
