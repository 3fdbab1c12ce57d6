/** What one process has done since its start, and what it holds. */
export interface CacheFigures {
  /** Values given out of memory. */
  hits_memory: number;
  /** Values given out that were found in Valkey. */
  hits_valkey: number;
  /** Values given out past their time, while they were refreshed. */
  hits_stale: number;
  /** Callers that found nothing: those who computed, and those who waited. */
  misses: number;
  /** Computations begun. */
  computations: number;
  /** Callers that waited for a computation of another. */
  coalesced: number;
  /** Callers that waited in vain. */
  timeouts: number;
  /** Values that were larger than CACHE_MAX_ENTRY_SIZE. */
  too_large: number;
  /** What was found in Valkey and was not written by us, or not for that key. */
  unsealed: number;
  /** Commands that Valkey refused or did not answer. */
  valkey_failures: number;
  /** How often Valkey refused our password. */
  authentication_failures: number;
  /** Invalidations asked for here. */
  invalidations: number;
  /** Values that made room in memory. */
  evictions: number;
  /** Values in memory. */
  entries: number;
  /** Bytes they take. */
  memory_bytes: number;
  memory_limit_bytes: number;
  /** Of all callers, those that waited for nobody; null where there was none. */
  hit_rate: number | null;
}

/** How the cache is (ARC-12, ARC-33). Bytes and milliseconds; what only Valkey can tell is null without it. */
export interface CacheHealth {
  /** `memory`: there is no Valkey, each process has its own. `down`: there is one, and it is away. */
  status: 'up' | 'down' | 'memory' | 'disabled';
  /** Why it is down. */
  reason?: string;
  latency_ms: number | null;
  connected_clients: number | null;
  memory_used: number | null;
  /** 0 is no limit. */
  memory_limit: number | null;
  /** Of this process. */
  hit_rate: number | null;
  evictions: number | null;
  version: string | null;
}

/** What is counted where it happens. */
export class CacheCounters {
  hitsMemory = 0;
  hitsValkey = 0;
  hitsStale = 0;
  misses = 0;
  computations = 0;
  coalesced = 0;
  timeouts = 0;
  tooLarge = 0;
  unsealed = 0;
  valkeyFailures = 0;
  authenticationFailures = 0;
  invalidations = 0;
  evictions = 0;

  figures({ entries = 0, bytes = 0, limit = 0 } = {}): CacheFigures {
    const hits = this.hitsMemory + this.hitsValkey + this.hitsStale;
    const asked = hits + this.misses;
    return {
      hits_memory: this.hitsMemory,
      hits_valkey: this.hitsValkey,
      hits_stale: this.hitsStale,
      misses: this.misses,
      computations: this.computations,
      coalesced: this.coalesced,
      timeouts: this.timeouts,
      too_large: this.tooLarge,
      unsealed: this.unsealed,
      valkey_failures: this.valkeyFailures,
      authentication_failures: this.authenticationFailures,
      invalidations: this.invalidations,
      evictions: this.evictions,
      entries,
      memory_bytes: bytes,
      memory_limit_bytes: limit,
      hit_rate: asked === 0 ? null : hits / asked,
    };
  }
}
