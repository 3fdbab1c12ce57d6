import type { CacheFigures, CacheHealth } from './cache-figures.ts';

/** Where a value came from: kept, kept and past its time, computed for this caller, or computed for another. */
export type CacheOutcome = 'hit' | 'stale' | 'computed' | 'coalesced';

export interface CacheOptions<T = unknown> {
  /** Seconds that the value is fresh; CACHE_TTL by default. A day at most. */
  ttl?: number;
  /** Seconds beyond that in which it is still given out, while one caller refreshes it; none by default. */
  grace?: number;
  /** Seconds that a NotFound of the computation is kept, and thrown again. Other errors never are. None by default. */
  notFoundTtl?: number;
  /** What `invalidateTags` knows it by. The same in each call for a key. */
  tags?: readonly string[];
  /** Whether a value may be kept. One that may not is given to those who wait for it already. */
  keep?: (value: T) => boolean;
  /** Ends this caller's waiting. Where it ends the computation, one of those who wait computes in its place. */
  signal?: AbortSignal | undefined;
  /** Told before a value is returned, or a NotFound that was kept is thrown. */
  onOutcome?: (outcome: CacheOutcome) => void;
}

/** How far an invalidation has come. */
export interface Invalidated {
  /** `all`: no replica answers with it any more. `this`: Valkey is away; the others are told once it is back. */
  replicas: 'all' | 'this';
}

/**
 * Values that are computed once and kept for a while (requirements 5). They are JSON: each caller gets a copy of its own,
 * as JSON gives it back. A key says all that a value depends on, the caller too where it depends on who asks.
 */
export abstract class Cache {
  /**
   * The value of a key. On a miss one caller computes, of all in all processes, and the rest wait for what comes of it.
   * Rejects with what the computation throws, and with TIMED_OUT where another one takes longer than CACHE_WAIT_MS.
   */
  abstract getOrCompute<T>(
    key: string,
    compute: () => Promise<T> | T,
    options?: CacheOptions<NoInfer<T>>,
  ): Promise<T>;

  /** What is being computed meanwhile is given to those who wait for it, and not kept. So with the three below. */
  abstract invalidateKey(key: string): Promise<Invalidated>;
  /** All keys that a pattern fits: `*` stands for any characters, `?` for one. */
  abstract invalidatePattern(pattern: string): Promise<Invalidated>;
  abstract invalidateTags(tags: readonly string[]): Promise<Invalidated>;
  abstract invalidateAll(): Promise<Invalidated>;

  /** Asks Valkey, where there is one. Never rejects. */
  abstract health(): Promise<CacheHealth>;
  /** Without asking anybody. */
  abstract get status(): CacheHealth['status'];
  /** What this process has done and holds. */
  abstract figures(): CacheFigures;
}
