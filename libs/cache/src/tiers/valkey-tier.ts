import type { L2CacheDriver } from 'bentocache/types';
import { ValkeyScript, type ValkeyConnection } from '#valkey';
import type { CacheCounters } from '../cache-figures.ts';
import type { Leases } from '../flight/leases.ts';
import { valkeyGlob } from '../glob.ts';
import type { KeyNames } from '../key-names.ts';
import type { EntrySeal } from './entry-seal.ts';
import { generationOf } from './entry.ts';

const SCAN_COUNT = 500;

/** Only for who still holds the lease: what it was computed from may have changed since it was taken away. */
const STORE = new ValkeyScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1`);

export interface ValkeyTierOptions {
  client: ValkeyConnection['client'];
  names: KeyNames;
  seal: EntrySeal;
  leases: Leases;
  counters: CacheCounters;
}

/** What all replicas share. Every method rejects while Valkey is away; bentocache takes that for a miss. */
export class ValkeyTier implements L2CacheDriver {
  readonly type = 'l2';
  readonly #options: ValkeyTierOptions;

  constructor(options: ValkeyTierOptions) {
    this.#options = options;
  }

  async get(key: string): Promise<string | undefined> {
    const { client, names, seal, counters } = this.#options;
    const sealed = await this.#count(client.getBuffer(names.entry(key)));
    if (!sealed) return undefined;
    const line = await seal.open(key, sealed);
    if (line === undefined) counters.unsealed++;
    return line;
  }

  /** False, and nothing is stored, where this process does not hold the lease any more. */
  async set(key: string, line: string, ttl = 0): Promise<boolean> {
    const { client, names, seal, leases } = this.#options;
    const lease = leases.heldFor(key, generationOf(line));
    if (!lease) return false;
    const keys = [names.entry(key), lease.valkeyKey];
    const sealed = await seal.seal(key, line);
    const stored = await this.#count(STORE.run(client, keys, [lease.value, sealed, Math.ceil(ttl)]));
    lease.storedAs(stored === 1);
    return stored === 1;
  }

  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** With their leases: who computes such a key now will not store it. */
  async deleteMany(keys: string[]): Promise<boolean> {
    const { client, names } = this.#options;
    const all = keys.flatMap((key) => [names.lease(key), names.entry(key)]);
    return all.length === 0 || (await this.#count(client.unlink(...all))) > 0;
  }

  /**
   * All that a pattern fits. Leases first: who has finished before its lease is found has stored its entry by then, so that
   * the entries that are looked for afterwards hold it.
   */
  async deleteFitting(pattern: string): Promise<void> {
    const { names } = this.#options;
    for (const prefix of [names.leases, names.entries]) {
      await this.#unlinkMatching(`${valkeyGlob(prefix)}${valkeyGlob(pattern)}`);
    }
  }

  async clear(): Promise<void> {
    await this.deleteFitting('*');
  }

  async pull(key: string): Promise<string | undefined> {
    const line = await this.get(key);
    await this.delete(key);
    return line;
  }

  namespace(): this {
    return this;
  }

  /** The connection is its owner's. */
  async disconnect(): Promise<void> {}

  async #unlinkMatching(match: string): Promise<void> {
    const { client } = this.#options;
    let cursor = '0';
    do {
      const [next, keys] = await this.#count(client.scan(cursor, 'MATCH', match, 'COUNT', SCAN_COUNT));
      if (keys.length > 0) await this.#count(client.unlink(...keys));
      cursor = next;
    } while (cursor !== '0');
  }

  async #count<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.#options.counters.valkeyFailures++;
      throw error;
    }
  }
}
