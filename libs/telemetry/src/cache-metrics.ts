import { Counter, Gauge, register } from 'prom-client';
import type { Cache, CacheFigures, CacheHealth } from '#cache';

/** One look at the server serves all samples of a scrape. */
const ONE_SCRAPE_MS = 500;

type Named = [name: string, help: string];

/** How often the cache had an answer, what it holds, and how its server is. Read when somebody looks, not counted twice. */
export class CacheMetrics {
  readonly #prefix: string;
  readonly #cache: Cache;
  #health: Promise<CacheHealth> | undefined;

  constructor(prefix: string, cache: Cache) {
    this.#prefix = prefix;
    this.#cache = cache;
    this.#count(['rag_cache_hits_total', 'Answers served from the cache'], answered);
    this.#count(['rag_cache_misses_total', 'Answers that had to be computed'], ({ misses }) => misses);
    this.#countHits();
    this.#count(['cache_misses_total', 'Callers that computed or waited'], ({ misses }) => misses);
    this.#count(['cache_computations_total', 'Computations begun'], ({ computations }) => computations);
    this.#count(['cache_coalesced_total', 'Callers that waited for another'], ({ coalesced }) => coalesced);
    this.#count(['cache_timeouts_total', 'Callers that waited in vain'], ({ timeouts }) => timeouts);
    this.#count(['cache_evictions_total', 'Values that made room in memory'], ({ evictions }) => evictions);
    this.#count(
      ['cache_invalidations_total', 'Invalidations asked for'],
      ({ invalidations }) => invalidations,
    );
    this.#count(['cache_unsealed_total', 'Entries in Valkey that were not ours'], ({ unsealed }) => unsealed);
    this.#count(
      ['cache_valkey_failures_total', 'Commands of the cache that Valkey refused or did not answer'],
      ({ valkey_failures: failures }) => failures,
    );
    this.#count(
      ['cache_authentication_failures_total', "Times that Valkey refused the cache's password"],
      ({ authentication_failures: failures }) => failures,
    );
    this.#show(['cache_entries', 'Values in memory'], ({ entries }) => entries);
    this.#show(['cache_memory_bytes', 'Memory that they take'], ({ memory_bytes: bytes }) => bytes);
    this.#show(
      ['cache_memory_limit_bytes', 'Memory that they may take'],
      (figures) => figures.memory_limit_bytes,
    );
    this.#ask(['cache_up', '0 while Valkey is away'], ({ status }) => (status === 'down' ? 0 : 1));
    this.#ask(['cache_latency_seconds', 'Time of one PING'], ({ latency_ms: ms }) => ms && ms / 1000);
    this.#ask(['cache_server_memory_bytes', 'Memory that Valkey uses'], ({ memory_used: bytes }) => bytes);
    this.#ask(
      ['cache_server_memory_limit_bytes', 'Its limit; 0 for none'],
      ({ memory_limit: bytes }) => bytes,
    );
    this.#ask(['cache_server_clients', 'Clients of Valkey'], ({ connected_clients: clients }) => clients);
    this.#ask(['cache_server_evicted_keys', 'Keys that Valkey evicted'], ({ evictions }) => evictions);
  }

  #countHits(): void {
    const name = this.#fresh('cache_hits_total');
    const counter = new Counter({
      name,
      help: 'Values given out, by where they were; stale ones were refreshed meanwhile',
      labelNames: ['from'] as const,
      collect: () => {
        const figures = this.#cache.figures();
        counter.reset();
        counter.inc({ from: 'memory' }, figures.hits_memory);
        counter.inc({ from: 'valkey' }, figures.hits_valkey);
        counter.inc({ from: 'stale' }, figures.hits_stale);
      },
    });
  }

  #count([name, help]: Named, read: (figures: CacheFigures) => number): void {
    const counter: Counter = new Counter({
      name: this.#fresh(name),
      help,
      collect: () => {
        counter.reset();
        counter.inc(read(this.#cache.figures()));
      },
    });
  }

  #show([name, help]: Named, read: (figures: CacheFigures) => number): void {
    const collect = (): void => gauge.set(read(this.#cache.figures()));
    const gauge: Gauge = new Gauge({ name: this.#fresh(name), help, collect });
  }

  /** What is not known is no number. */
  #ask([name, help]: Named, read: (health: CacheHealth) => number | null): void {
    const collect = async (): Promise<void> => gauge.set(read(await this.#asked()) ?? Number.NaN);
    const gauge: Gauge = new Gauge({ name: this.#fresh(name), help, collect });
  }

  #asked(): Promise<CacheHealth> {
    if (!this.#health) {
      this.#health = this.#cache.health();
      setTimeout(() => (this.#health = undefined), ONE_SCRAPE_MS).unref();
    }
    return this.#health;
  }

  /** One process has one registry: what stands there is of a gateway that ran in it before. */
  #fresh(name: string): string {
    const full = this.#prefix + name;
    register.removeSingleMetric(full);
    return full;
  }
}

function answered(figures: CacheFigures): number {
  return figures.hits_memory + figures.hits_valkey + figures.hits_stale;
}
