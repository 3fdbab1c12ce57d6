/** What is void from now on. */
export type Invalidation =
  | { readonly key: string }
  | { readonly pattern: string }
  | { readonly tags: readonly string[] }
  | { readonly everything: true };

const MOST = 1_000;
const EVERYTHING: Invalidation = { everything: true };

/** Invalidations that Valkey, and so the other replicas, have not been told of yet. Past a thousand it is simply everything. */
export class UntoldInvalidations {
  #untold: Invalidation[] = [];

  get none(): boolean {
    return this.#untold.length === 0;
  }

  add(invalidation: Invalidation): void {
    if (this.#untold[0] === EVERYTHING) return;
    this.#untold.push(invalidation);
    if (this.#untold.length > MOST || 'everything' in invalidation) this.#untold = [EVERYTHING];
  }

  /** Tells them in order. Rejects at the first that can't be told; it and those after it stay. */
  async tell(one: (invalidation: Invalidation) => Promise<void>): Promise<void> {
    for (let next = this.#untold[0]; next; next = this.#untold[0]) {
      await one(next);
      if (this.#untold[0] === next) this.#untold.shift();
    }
  }
}
