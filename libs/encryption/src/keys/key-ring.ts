import type { EncryptionKey } from './encryption-key.ts';

/** The key that seals, and all that open. */
export class KeyRing {
  readonly current: EncryptionKey;
  readonly #byId: ReadonlyMap<string, EncryptionKey>;

  constructor(current: EncryptionKey, previous: readonly EncryptionKey[] = []) {
    this.current = current;
    this.#byId = new Map([...previous, current].map((key) => [key.id, key]));
  }

  get(id: string): EncryptionKey | undefined {
    return this.#byId.get(id);
  }

  /** Ids of all keys that open, the one that seals last. */
  get ids(): string[] {
    return [...this.#byId.keys()];
  }
}
