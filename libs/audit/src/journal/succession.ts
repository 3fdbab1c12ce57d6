import type { Position } from '../chain/checkpoint.ts';
import type { Head } from '../chain/chain-link.ts';
import type { SigningKey } from '../chain/signing-key.ts';
import type { SecurityLog } from '../sinks/security-logs.ts';
import type { Journal } from './journal.ts';

/** Begins another chain, tied to these records. Rejects where nothing can be written. */
export type BeginChain = (key: SigningKey, previous: readonly Head[]) => Promise<Journal>;

/**
 * The chains of this process, one after the other. A chain is signed by the key that its first record names, so a new key
 * begins a new chain. It is there before the one before it ends, so that no call waits. Before it takes a record, that one states,
 * signed by its own key, which record the new one begins with, and so the new key; and so it does in its last word.
 */
export class Succession {
  readonly #begin: BeginChain;
  #key: SigningKey;
  #journal: Journal;
  #ending: Journal | undefined;
  #turning: Promise<void> = Promise.resolve();
  #closed = false;
  #records = 0;
  #refused = 0;

  constructor(first: Journal, key: SigningKey, begin: BeginChain) {
    this.#journal = first;
    this.#key = key;
    this.#begin = begin;
  }

  /** The one that signs now. */
  get key(): SigningKey {
    return this.#key;
  }

  /** Where the chain of now ends, as far as it is safe. */
  get last(): Position {
    return this.#journal.last;
  }

  /** The same for each chain that is still being written; the one of now is the last. */
  get ends(): readonly Position[] {
    return this.#ending ? [this.#ending.last, this.#journal.last] : [this.#journal.last];
  }

  /** Records of all chains of this process are counted together. */
  get status() {
    const { records, refused, ...now } = this.#journal.status;
    const ending = this.#ending?.status;
    return {
      ...now,
      records: this.#records + records + (ending?.records ?? 0),
      refused: this.#refused + refused + (ending?.refused ?? 0),
    };
  }

  /** @throws {GatehouseError} UNAVAILABLE, as `Journal.append` does. */
  append(body: string, log: SecurityLog | undefined): Promise<void> {
    return this.#journal.append(body, log);
  }

  /** Signs with this key from now on. Rejects where no chain can be begun: then all stays as it is. */
  turnTo(key: SigningKey): Promise<void> {
    const turned = this.#turning.then(() => this.#turnTo(key));
    this.#turning = turned.catch(() => undefined);
    return turned;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#turning;
    await this.#journal.close();
  }

  async #turnTo(key: SigningKey): Promise<void> {
    if (this.#closed || key.public.id === this.#key.public.id) return;
    const before = this.#journal;
    const { chain, seq, hash } = before.last;
    const next = await this.#begin(key, [{ chain, seq, hash }, ...before.previous]);
    await precede(before, next);
    this.#ending = before;
    this.#journal = next;
    this.#key = key;
    await before.close();
    const { records, refused } = before.status;
    this.#records += records;
    this.#refused += refused;
    this.#ending = undefined;
  }
}

/** A chain that nothing names could be taken away, so it takes no record. */
async function precede(before: Journal, next: Journal): Promise<void> {
  try {
    await before.precede(next.first);
  } catch (error) {
    await next.close();
    throw error;
  }
}
