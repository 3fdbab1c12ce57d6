import { Cache, type CacheOptions, type Invalidated } from './cache.ts';
import { CacheCounters, type CacheFigures, type CacheHealth } from './cache-figures.ts';

/** ENABLE_CACHE=false: nothing is kept, and nobody waits for anybody. */
export class Uncached extends Cache {
  readonly #counters = new CacheCounters();

  async getOrCompute<T>(
    _: string,
    compute: () => Promise<T> | T,
    options: CacheOptions<NoInfer<T>> = {},
  ): Promise<T> {
    this.#counters.misses++;
    this.#counters.computations++;
    const value = await compute();
    options.onOutcome?.('computed');
    return value;
  }

  async invalidateKey(): Promise<Invalidated> {
    return { replicas: 'all' };
  }

  async invalidatePattern(): Promise<Invalidated> {
    return { replicas: 'all' };
  }

  async invalidateTags(): Promise<Invalidated> {
    return { replicas: 'all' };
  }

  async invalidateAll(): Promise<Invalidated> {
    return { replicas: 'all' };
  }

  get status(): CacheHealth['status'] {
    return 'disabled';
  }

  async health(): Promise<CacheHealth> {
    return {
      status: 'disabled',
      latency_ms: null,
      connected_clients: null,
      memory_used: null,
      memory_limit: null,
      hit_rate: null,
      evictions: null,
      version: null,
    };
  }

  figures(): CacheFigures {
    return this.#counters.figures();
  }
}
