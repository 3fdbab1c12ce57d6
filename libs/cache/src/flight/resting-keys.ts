const REST_MS = 1_000;
const MOST = 10_000;

/** Keys whose refresh has just failed: their stale values are given out, and nobody tries again for a second. */
export class RestingKeys {
  readonly #until = new Map<string, number>();

  has(key: string): boolean {
    const until = this.#until.get(key);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    this.#until.delete(key);
    return false;
  }

  add(key: string): void {
    if (this.#until.size >= MOST) this.#until.clear();
    this.#until.set(key, performance.now() + REST_MS);
  }
}
