/** A time in which records could not be made safe. */
export interface Outage {
  readonly refused: number;
  readonly seconds: number;
}

/** The store is tried again after this long, and after twice as long each time that it fails again soon. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;
/** An outage that begins later than this after the last is a new one. */
const CALM_MS = 10_000;

/** Counts the records that were refused, in all and in the outage that lasts, and says when to try again. */
export class OutageCounter {
  #refused = 0;
  #began: { at: number; refused: number } | undefined;
  #endedAt = Number.NEGATIVE_INFINITY;
  #pauseMs = FIRST_PAUSE_MS;

  /** Refused records, since the process began. */
  get refused(): number {
    return this.#refused;
  }

  get lasts(): boolean {
    return this.#began !== undefined;
  }

  /** The outage as far as it goes. */
  get outage(): Outage {
    const { at, refused } = this.#began ?? { at: performance.now(), refused: this.#refused };
    return { refused: this.#refused - refused, seconds: Math.round((performance.now() - at) / 1000) };
  }

  refuse(records: number): void {
    this.#refused += records;
  }

  /** Says whether it begins now: it may already last. */
  begin(): boolean {
    if (this.#began) return false;
    this.#began = { at: performance.now(), refused: this.#refused };
    if (performance.now() - this.#endedAt > CALM_MS) this.#pauseMs = FIRST_PAUSE_MS;
    return true;
  }

  /** How long to leave the store alone. */
  nextPauseMs(): number {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    return pauseMs;
  }

  end(): Outage {
    const { outage } = this;
    this.#began = undefined;
    this.#endedAt = performance.now();
    return outage;
  }
}
