import { BentoCache, bentostore } from 'bentocache';
import type { BusDriver, CacheProvider } from 'bentocache/types';
import { entrySerializer, type Entry } from './entry.ts';
import type { MemoryTier } from './memory-tier.ts';
import type { ValkeyTier } from './valkey-tier.ts';

/** bentocache keeps messages that could not be sent, and sends them later; memory is emptied instead. */
const NO_RETRIES = { retryQueue: { enabled: false, retryInterval: false } } as const;

export interface SharedTier {
  tier: ValkeyTier;
  bus: BusDriver;
}

/** Memory before Valkey, as bentocache arranges them: what is found below is kept above, what is written goes to both. */
export class Tiers {
  readonly #cache: CacheProvider;

  constructor(memory: MemoryTier, shared?: SharedTier) {
    const store = bentostore({ prefix: 'cache' }).useL1Layer({ options: {}, factory: () => memory });
    if (shared) {
      store.useL2Layer({ options: {}, factory: () => shared.tier });
      store.useBus({ options: NO_RETRIES, factory: () => shared.bus });
    }
    this.#cache = new BentoCache({
      default: 'tiers',
      stores: { tiers: store },
      serializer: entrySerializer,
    }).use();
  }

  /** Never rejects: a tier that fails has nothing. */
  async get(key: string): Promise<Entry | undefined> {
    return this.#cache.get<Entry | undefined>({ key });
  }

  /** Never rejects. `shared`: in Valkey too, and others are told. */
  async put(key: string, value: Entry, { ttlMs, shared }: { ttlMs: number; shared: boolean }): Promise<void> {
    await this.#cache.set({ key, value, ttl: ttlMs, skipL2Write: !shared, skipBusNotify: !shared });
  }

  /** Everywhere; rejects where Valkey does not answer. */
  async delete(key: string): Promise<void> {
    await this.#cache.delete({ key, suppressL2Errors: false });
  }

  /** Everywhere; rejects where Valkey does not answer. */
  async clear(): Promise<void> {
    await this.#cache.clear({ suppressL2Errors: false });
  }
}
