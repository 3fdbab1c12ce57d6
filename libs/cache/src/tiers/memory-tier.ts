import type { L1CacheDriver } from 'bentocache/types';
import { LRUCache } from 'lru-cache';
import type { CacheCounters } from '../cache-figures.ts';
import { isOf } from './entry.ts';

interface Held {
  readonly line: string;
  /** On the clock of performance.now(). */
  readonly since: number;
  readonly until: number;
}

export interface MemoryTierOptions {
  maxBytes: number;
  /** Longest that an entry is held, in milliseconds. */
  maxTtlMs: number;
  /** How long an entry counts while nobody can tell us that it has changed, in milliseconds. */
  awayTtlMs: number;
  /** Since when nobody can, on the clock of performance.now(); undefined while all is well. */
  deafSince: () => number | undefined;
  counters: CacheCounters;
}

/** What an entry takes beside its characters. */
const OVERHEAD_BYTES = 300;
/** V8 has one or two bytes for a character; nobody can tell which. */
const CHARACTER_BYTES = 2;

/** The memory of one process, bounded in bytes: what was not used for longest makes room. */
export class MemoryTier implements L1CacheDriver {
  readonly type = 'l1';
  readonly #entries: LRUCache<string, Held>;
  readonly #options: MemoryTierOptions;

  constructor(options: MemoryTierOptions) {
    this.#options = options;
    this.#entries = new LRUCache<string, Held>({
      maxSize: options.maxBytes,
      sizeCalculation: ({ line }, key) => OVERHEAD_BYTES + CHARACTER_BYTES * (line.length + key.length),
      dispose: (_, __, reason) => {
        if (reason === 'evict') options.counters.evictions++;
      },
    });
  }

  get size(): { entries: number; bytes: number; limit: number } {
    const { size: entries, calculatedSize: bytes, maxSize: limit } = this.#entries;
    return { entries, bytes, limit };
  }

  /** Whether an entry of this generation is here. One of another makes way: the tier below may know better. */
  holds(key: string, generation: string): boolean {
    const held = this.#entries.get(key);
    if (held === undefined || !this.#counts(held)) return false;
    if (isOf(held.line, generation)) return true;
    this.#entries.delete(key);
    return false;
  }

  get(key: string): string | undefined {
    const held = this.#entries.get(key);
    return held !== undefined && this.#counts(held) ? held.line : undefined;
  }

  set(key: string, line: string, ttl?: number): boolean {
    const since = performance.now();
    const ttlMs = Math.min(ttl ?? Infinity, this.#options.maxTtlMs);
    this.#entries.set(key, { line, since, until: since + ttlMs });
    return true;
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  deleteMany(keys: readonly string[]): boolean {
    for (const key of keys) this.#entries.delete(key);
    return true;
  }

  deleteWhere(fits: (key: string) => boolean): void {
    for (const key of this.#entries.keys()) if (fits(key)) this.#entries.delete(key);
  }

  pull(key: string): string | undefined {
    const line = this.get(key);
    this.delete(key);
    return line;
  }

  getRemainingTtl(key: string): number | undefined {
    const held = this.#entries.get(key);
    return held && held.until - performance.now();
  }

  clear(): void {
    this.#entries.clear();
  }

  namespace(): this {
    return this;
  }

  disconnect(): void {
    this.#entries.clear();
  }

  #counts({ since, until }: Held): boolean {
    const now = performance.now();
    if (now >= until) return false;
    const deafSince = this.#options.deafSince();
    return deafSince === undefined || now < Math.max(since, deafSince) + this.#options.awayTtlMs;
  }
}
