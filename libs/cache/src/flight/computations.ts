import { GatehouseError } from '#errors';
import type { CacheCounters } from '../cache-figures.ts';
import type { CacheLog } from '../cache-log.ts';
import type { CacheSettings } from '../cache.config.ts';
import type { Generations } from '../invalidation/generations.ts';
import type { Entry } from '../tiers/entry.ts';
import type { MemoryTier } from '../tiers/memory-tier.ts';
import type { Tiers } from '../tiers/tiers.ts';
import type { Flight, Landing } from './flights.ts';
import type { Job } from './job.ts';
import type { Lease, Leases } from './leases.ts';
import type { Wakeups } from './wakeups.ts';
import { ComputationTimedOut } from './within.ts';

/** Between two looks at what another process holds, where its news does not come. */
const POLL_MS = 50;

export interface ComputationsOptions {
  settings: CacheSettings;
  memory: MemoryTier;
  tiers: Tiers;
  generations: Generations;
  counters: CacheCounters;
  log: CacheLog;
  shared: { usable: () => boolean; leases: Leases; wakeups: Wakeups } | undefined;
}

/** How a flight goes: look in Valkey, get the lease, or wait for whoever has it; compute; keep; tell. */
export class Computations {
  readonly #options: ComputationsOptions;

  constructor(options: ComputationsOptions) {
    this.#options = options;
  }

  /** Rejects with what the computation throws, and with ComputationTimedOut. */
  async run(flight: Flight, job: Job): Promise<Landing> {
    const { shared } = this.#options;
    if (!shared?.usable()) return this.#compute(flight, job, undefined);
    return (await this.#found(flight, job)) ?? this.#leaseAndCompute(flight, job, shared);
  }

  /** Of a value that is past its time. Does nothing where another process is about it. */
  async refresh(flight: Flight, job: Job): Promise<Landing> {
    const { shared } = this.#options;
    const lease = shared?.usable() ? await this.#acquire(flight, shared.leases) : 'none';
    if (lease === 'taken') return { outcome: 'stale' };
    return this.#compute(flight, job, lease === 'none' ? undefined : lease);
  }

  /** An entry as an answer, if it counts; what its reader allows for grace counts too. */
  landingOf(entry: Entry | undefined, generation: string, { graceMs }: Job): Landing | undefined {
    if (entry?.generation !== generation) return undefined;
    const { freshUntil, text, notFound } = entry;
    const now = Date.now();
    if (now >= freshUntil + (notFound === undefined ? graceMs : 0)) return undefined;
    return { text, notFound, outcome: now < freshUntil ? 'hit' : 'stale' };
  }

  async #found({ key, generation }: Flight, job: Job): Promise<Landing | undefined> {
    const { memory, tiers } = this.#options;
    memory.holds(key, generation); // An older one would hide what lies in Valkey.
    return this.landingOf(await tiers.get(key), generation, job);
  }

  async #leaseAndCompute(
    flight: Flight,
    job: Job,
    { leases, wakeups }: NonNullable<ComputationsOptions['shared']>,
  ): Promise<Landing> {
    const { settings, log } = this.#options;
    const until = performance.now() + settings.waitMs;
    for (let waiting = false; ; waiting = true) {
      const lease = await this.#acquire(flight, leases);
      if (lease === 'none') return this.#compute(flight, job, undefined);
      if (lease !== 'taken') return this.#computeWith(lease, flight, job);
      if (!waiting) log.coalesce(job.key);
      job.signal?.throwIfAborted();
      const left = until - performance.now();
      if (left <= 0) throw new ComputationTimedOut();
      await wakeups.wait(job.key, Math.min(POLL_MS, left));
      const landing = await this.#found(flight, job);
      if (landing) return { ...landing, outcome: 'coalesced' };
    }
  }

  async #acquire({ key, generation }: Flight, leases: Leases): Promise<Lease | 'taken' | 'none'> {
    try {
      return (await leases.acquire(key, generation)) ?? 'taken';
    } catch {
      this.#options.counters.valkeyFailures++;
      return 'none'; // Each process by itself, then.
    }
  }

  async #computeWith(lease: Lease, flight: Flight, job: Job): Promise<Landing> {
    // It may have been stored between our look and our lease.
    const landing = lease.besideEntry ? await this.#found(flight, job) : undefined;
    if (!landing) return this.#compute(flight, job, lease);
    void lease.release();
    return { ...landing, outcome: 'coalesced' };
  }

  async #compute(flight: Flight, job: Job, lease: Lease | undefined): Promise<Landing> {
    const { counters, log } = this.#options;
    counters.computations++;
    log.compute(job.key);
    try {
      const value: unknown = await job.compute();
      const text = JSON.stringify(value) as string | undefined;
      log.computed(job.key, performance.now() - flight.since);
      const mayKeep = text !== undefined && this.#fits(text) && (job.keep?.(value as never) ?? true);
      if (mayKeep) await this.#keep(flight, job, { lease, text, ttlMs: job.ttlMs });
      return { text, outcome: 'computed' };
    } catch (error) {
      if (job.signal?.aborted) flight.abandoned = true;
      if (!(job.notFoundMs > 0 && isNotFound(error))) throw error;
      await this.#keep(flight, job, { lease, notFound: error.message, ttlMs: job.notFoundMs });
      return { notFound: error.message, outcome: 'computed' };
    } finally {
      void lease?.release();
    }
  }

  #fits(text: string): boolean {
    const { settings, counters } = this.#options;
    const fits = Buffer.byteLength(text) <= settings.maxEntryBytes;
    if (!fits) counters.tooLarge++;
    return fits;
  }

  async #keep(
    flight: Flight,
    job: Job,
    { lease, ttlMs, ...what }: { lease: Lease | undefined; ttlMs: number; text?: string; notFound?: string },
  ): Promise<void> {
    const { settings, memory, tiers, generations } = this.#options;
    const tooLate = performance.now() - flight.since > settings.computeMs;
    const generation = generations.now(job.tags) ?? flight.generation;
    if (flight.dropped || tooLate || generation !== flight.generation) return;
    const { key } = job;
    const entry: Entry = { generation, freshUntil: Date.now() + ttlMs, ...what };
    await tiers.put(key, entry, { ttlMs: ttlMs + job.graceMs, shared: lease !== undefined });
    if (lease?.lost || flight.dropped) memory.delete(key);
  }
}

function isNotFound(error: unknown): error is GatehouseError {
  return error instanceof GatehouseError && error.code === 'NOT_FOUND';
}
