interface Counted {
  count: number;
  endsAt: number;
}

/**
 * Counts by name, each of which ends at its time. When there are too many, those that were begun longest ago go first: two
 * generations, the elder of which is dropped whole.
 */
export class RecentCounts {
  #young = new Map<string, Counted>();
  #old = new Map<string, Counted>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(name: string, now: number): number {
    const counted = this.#young.get(name) ?? this.#old.get(name);
    return counted && now < counted.endsAt ? counted.count : 0;
  }

  /** Adds to a count, whose end stays what it was, or begins one. Answers what it is then. */
  add(name: string, times: number, now: number, lastsMs: number): number {
    const counted = this.#young.get(name) ?? this.#old.get(name);
    if (counted && now < counted.endsAt) return (counted.count += times);
    this.set(name, times, now + lastsMs);
    return times;
  }

  set(name: string, count: number, endsAt: number): void {
    this.#young.set(name, { count, endsAt });
    if (this.#young.size * 2 < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(name: string): void {
    this.#young.delete(name);
    this.#old.delete(name);
  }
}
