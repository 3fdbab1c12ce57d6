import type { EncryptionKey } from './encryption-key.ts';

/** The key that seals, and all that open. Another one may come to seal while the program runs; what opened goes on opening. */
export class KeyRing {
  #current: EncryptionKey;
  readonly #byId: Map<string, EncryptionKey>;
  readonly #listeners = new Set<() => void>();
  /** Asked for a look at the settings, where something was sealed by a key that is not here: another replica may have it already. */
  onUnknown: () => Promise<void> | void = () => undefined;

  constructor(current: EncryptionKey, previous: readonly EncryptionKey[] = []) {
    this.#current = current;
    this.#byId = new Map([...previous, current].map((key) => [key.id, key]));
  }

  get current(): EncryptionKey {
    return this.#current;
  }

  get(id: string): EncryptionKey | undefined {
    return this.#byId.get(id);
  }

  /** Ids of all keys that open, the one that seals last. */
  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  /** Opens with these too. */
  add(keys: readonly EncryptionKey[]): void {
    for (const key of keys) if (!this.#byId.has(key.id)) this.#byId.set(key.id, key);
  }

  /** Seals with this one from now on. */
  turnTo(key: EncryptionKey): void {
    this.#byId.delete(key.id);
    this.#byId.set(key.id, key);
    this.#current = key;
    for (const listener of this.#listeners) listener();
  }

  onTurn(listener: () => void): void {
    this.#listeners.add(listener);
  }
}
