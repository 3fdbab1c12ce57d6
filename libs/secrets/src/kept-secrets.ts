import { LRUCache } from 'lru-cache';
import type { SecretEntry } from './secret-entries.ts';
import type { SecretStore, SecretVersion } from './secret-store.ts';

/** RAG-24. */
const CAPACITY = 128;
/** A store that fails is left alone for so long: it is not asked by everybody who would like to know. */
const MOST_REST_MS = 2_000;

interface Kept {
  readonly version: SecretVersion | undefined;
  /** On the clock of `performance.now()`. */
  readonly askedAt: number;
  readonly triedAt: number;
}

/** What the store has said, for a while. Once it fails, or no longer has what it had, what it said last goes on. */
export class KeptSecrets {
  readonly #kept = new LRUCache<string, Kept>({ max: CAPACITY });
  readonly #flights = new Map<string, Promise<SecretVersion | undefined>>();
  readonly #failures = new Map<string, Error>();

  constructor(readonly store: SecretStore) {}

  /** The entries that could not be had when they were last asked for, by their full names. */
  get failures(): ReadonlyMap<string, Error> {
    return this.#failures;
  }

  /**
   * What is known, if that is younger than `maxAgeMs`; else what the store says now.
   * @throws SecretFailure when the store fails and has said nothing before
   */
  get(entry: SecretEntry, maxAgeMs: number): Promise<SecretVersion | undefined> {
    const key = `${this.store.idOf(entry.entry)} ${entry.stage}`;
    const kept = this.#kept.get(key);
    const now = performance.now();
    if (kept && (now - kept.askedAt < maxAgeMs || now - kept.triedAt < Math.min(maxAgeMs, MOST_REST_MS))) {
      return Promise.resolve(kept.version);
    }
    const waiting = this.#flights.get(key);
    if (waiting) return waiting;
    const flight = this.#ask(key, entry, kept).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  async #ask(key: string, entry: SecretEntry, kept: Kept | undefined): Promise<SecretVersion | undefined> {
    const now = performance.now();
    try {
      const version = await this.store.read(entry);
      if (version === undefined && kept?.version !== undefined)
        return this.#fail(key, kept, new Error('it is gone'));
      this.#failures.delete(key);
      this.#kept.set(key, { version, askedAt: now, triedAt: now });
      return version;
    } catch (error) {
      if (!kept) throw error;
      return this.#fail(key, kept, error as Error);
    }
  }

  #fail(key: string, kept: Kept, failure: Error): SecretVersion | undefined {
    this.#failures.set(key, failure);
    this.#kept.set(key, { ...kept, triedAt: performance.now() });
    return kept.version;
  }
}
