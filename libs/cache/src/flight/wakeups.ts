/** Lets who waits for a key go on as soon as there is news of it. */
export class Wakeups {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves with the news, or after so many milliseconds. */
  wait(key: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting);
      const timer = setTimeout(done, ms);
      waiting.add(done);
      const all = this.#waiting;
      function done(): void {
        clearTimeout(timer);
        waiting.delete(done);
        if (waiting.size === 0 && all.get(key) === waiting) all.delete(key);
        resolve();
      }
    });
  }

  wake(keys: readonly string[]): void {
    for (const key of keys) for (const done of this.#waiting.get(key) ?? []) done();
  }
}
