/** A time in which records could not be made safe. */
export interface Outage {
  readonly refused: number;
  readonly seconds: number;
}

/** Counts the records that were refused, in all and in the outage that lasts. */
export class OutageCounter {
  #refused = 0;
  #began: { at: number; refused: number } | undefined;

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
    return true;
  }

  end(): Outage {
    const { outage } = this;
    this.#began = undefined;
    return outage;
  }
}
