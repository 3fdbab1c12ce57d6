/** Of one sort, so many are told; all are counted. */
const TOLD = 5;

/** What must never be, and was. */
export class Violations {
  readonly #counts = new Map<string, number>();
  readonly #told: string[] = [];

  add(sort: string, what: string, count = 1): void {
    const before = this.#counts.get(sort) ?? 0;
    this.#counts.set(sort, before + count);
    if (before < TOLD) this.#told.push(`${sort}: ${what}`);
  }

  count(sort: string): number {
    return this.#counts.get(sort) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get told(): readonly string[] {
    return this.#told;
  }
}
