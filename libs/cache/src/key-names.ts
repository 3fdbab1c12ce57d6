/** What lies where in Valkey. */
export class KeyNames {
  readonly entries: string;
  readonly leases: string;
  readonly #generations: string;
  /** The channel of bentocache's messages, and of ours. */
  readonly news: string;

  constructor(namespace: string) {
    this.entries = `${namespace}:cache:entry:`;
    this.leases = `${namespace}:cache:lease:`;
    this.#generations = `${namespace}:cache:generation:`;
    this.news = `${namespace}:cache:news`;
  }

  entry(key: string): string {
    return this.entries + key;
  }

  lease(key: string): string {
    return this.leases + key;
  }

  generation(tag: string): string {
    return this.#generations + tag;
  }
}
