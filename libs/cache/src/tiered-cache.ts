import { NotFound } from '#errors';
import { Cache, type CacheOptions, type Invalidated } from './cache.ts';
import { CacheCounters, type CacheFigures, type CacheHealth } from './cache-figures.ts';
import { CacheLog } from './cache-log.ts';
import type { CacheSettings } from './cache.config.ts';
import { Computations } from './flight/computations.ts';
import { Flights, type Flight, type Landing } from './flight/flights.ts';
import { checkTags, jobOf, type Job } from './flight/job.ts';
import { RestingKeys } from './flight/resting-keys.ts';
import { ComputationTimedOut, within } from './flight/within.ts';
import { Generations } from './invalidation/generations.ts';
import { Invalidator } from './invalidation/invalidator.ts';
import { SharedPart, type SharedPartOptions } from './shared-part.ts';
import { MemoryTier } from './tiers/memory-tier.ts';
import { Tiers } from './tiers/tiers.ts';

/** In memory, and in Valkey where there is one: see docs/decisions/cache.md. */
export class TieredCache extends Cache {
  readonly #settings: CacheSettings;
  readonly #shared: SharedPart | undefined;
  readonly #counters = new CacheCounters();
  readonly #log = new CacheLog();
  readonly #memory: MemoryTier;
  readonly #tiers: Tiers;
  readonly #generations: Generations;
  readonly #flights: Flights;
  readonly #computations: Computations;
  readonly #invalidator: Invalidator;
  readonly #resting = new RestingKeys();

  constructor(settings: CacheSettings, shared?: SharedPartOptions) {
    super();
    const counters = this.#counters;
    const log = this.#log;
    const part = shared && new SharedPart(shared, settings, counters);
    const usable = (): boolean => this.#usable;
    this.#settings = settings;
    this.#shared = part;
    this.#memory = new MemoryTier({
      maxBytes: settings.memoryBytes,
      maxTtlMs: part ? settings.memoryTtlMs : Infinity,
      awayTtlMs: settings.awayTtlMs,
      deafSince: () => part?.hearing.deafSince,
      counters,
    });
    this.#tiers = new Tiers(this.#memory, part);
    this.#generations = new Generations(
      part && {
        client: part.connection.client,
        names: part.names,
        reachable: usable,
        hears: () => part.hearing.deafSince === undefined,
      },
    );
    this.#flights = new Flights(settings.computeMs);
    const own = {
      settings,
      memory: this.#memory,
      tiers: this.#tiers,
      generations: this.#generations,
      flights: this.#flights,
      counters,
      log,
    };
    this.#computations = new Computations({
      ...own,
      shared: part && { usable, leases: part.leases, wakeups: part.wakeups },
    });
    this.#invalidator = new Invalidator({
      ...own,
      shared: part && { up: () => part.connection.up, tier: part.tier, bus: part.bus },
    });
    if (part) this.#attend(part);
  }

  async getOrCompute<T>(
    key: string,
    compute: () => Promise<T> | T,
    options: CacheOptions<NoInfer<T>> = {},
  ): Promise<T> {
    const job = jobOf(key, compute, options, this.#settings);
    const landing = await this.#land(job);
    options.onOutcome?.(landing.outcome);
    if (landing.notFound !== undefined) throw new NotFound(landing.notFound);
    return (landing.text === undefined ? undefined : JSON.parse(landing.text)) as T;
  }

  invalidateKey(key: string): Promise<Invalidated> {
    this.#counters.invalidations++;
    return this.#invalidator.invalidate({ key });
  }

  invalidatePattern(pattern: string): Promise<Invalidated> {
    this.#counters.invalidations++;
    return this.#invalidator.invalidate({ pattern });
  }

  async invalidateTags(tags: readonly string[]): Promise<Invalidated> {
    checkTags(tags);
    this.#counters.invalidations++;
    return this.#invalidator.invalidate({ tags });
  }

  invalidateAll(): Promise<Invalidated> {
    this.#counters.invalidations++;
    return this.#invalidator.invalidate({ everything: true });
  }

  get status(): CacheHealth['status'] {
    if (!this.#shared) return 'memory';
    return this.#shared.connection.up ? 'up' : 'down';
  }

  async health(): Promise<CacheHealth> {
    const { hit_rate } = this.figures();
    const nothing = { latency_ms: null, connected_clients: null, memory_used: null, memory_limit: null };
    const unknown = { ...nothing, hit_rate, evictions: null, version: null };
    if (!this.#shared) return { status: 'memory', ...unknown };
    const server = await this.#shared.connection.health();
    if (server.status === 'down') return { status: 'down', reason: server.reason, ...unknown };
    const { latency_ms, connected_clients, used_memory, maxmemory, evicted_keys, version } = server;
    return {
      status: 'up',
      latency_ms,
      connected_clients,
      memory_used: used_memory,
      memory_limit: maxmemory,
      hit_rate,
      evictions: evicted_keys,
      version,
    };
  }

  figures(): CacheFigures {
    return this.#counters.figures(this.#memory.size);
  }

  /** Waits for what is being computed. */
  async close(): Promise<void> {
    await this.#flights.settled();
    this.#invalidator.close();
  }

  get #usable(): boolean {
    return this.#shared !== undefined && this.#shared.connection.up && !this.#invalidator.behind;
  }

  #attend(part: SharedPart): void {
    part.onNews = (news) => this.#invalidator.hear(news);
    part.hearing.onResume(() => this.#invalidator.forgetAll());
    part.connection.onTurn(({ up }) => {
      if (up) void this.#invalidator.tellOthers();
    });
  }

  async #land(job: Job): Promise<Landing> {
    for (let told = false; ;) {
      const generation = this.#generations.now(job.tags) ?? (await this.#askedGeneration(job));
      const kept = await this.#fromMemory(job, generation);
      if (kept) return kept;
      const flight = this.#flights.of(job.key, generation);
      if (!flight) return this.#lead(job, generation);
      if (!told) this.#log.coalesce(job.key);
      told = true;
      const landing = await this.#follow(flight, job);
      if (landing) return landing;
    }
  }

  async #askedGeneration({ tags }: Job): Promise<string> {
    try {
      return await this.#generations.ask(tags);
    } catch {
      this.#counters.valkeyFailures++;
      return this.#generations.alone(tags);
    }
  }

  async #fromMemory(job: Job, generation: string): Promise<Landing | undefined> {
    if (!this.#memory.holds(job.key, generation)) return undefined;
    const landing = this.#computations.landingOf(await this.#tiers.get(job.key), generation, job);
    if (landing?.outcome === 'hit') this.#counters.hitsMemory++;
    return landing && this.#withRefresh(landing, job, generation);
  }

  async #lead(job: Job, generation: string): Promise<Landing> {
    const flight = this.#flights.begin(job.key, generation, (begun) => this.#computations.run(begun, job));
    const landing = await this.#landed(flight.landing);
    if (landing.outcome === 'coalesced') this.#coalesced(job);
    else if (landing.outcome === 'computed') this.#counters.misses++;
    return this.#found(landing, job, generation);
  }

  /** Undefined where who computes has gone: somebody else has to. */
  async #follow(flight: Flight, job: Job): Promise<Landing | undefined> {
    try {
      const landing = await this.#landed(within(flight.landing, this.#settings.waitMs, job.signal));
      if (landing.outcome === 'hit' || landing.outcome === 'stale')
        return this.#found(landing, job, flight.generation);
      this.#coalesced(job);
      return { ...landing, outcome: 'coalesced' };
    } catch (error) {
      if (flight.abandoned && !job.signal?.aborted) return undefined;
      throw error;
    }
  }

  async #landed(landing: Promise<Landing>): Promise<Landing> {
    try {
      return await landing;
    } catch (error) {
      this.#counters.misses++;
      if (error instanceof ComputationTimedOut) this.#counters.timeouts++;
      throw error;
    }
  }

  #coalesced({ key }: Job): void {
    this.#counters.misses++;
    this.#counters.coalesced++;
    this.#log.coalesced(key);
  }

  /** Counts what Valkey had. */
  #found(landing: Landing, job: Job, generation: string): Landing {
    if (landing.outcome === 'hit') this.#counters.hitsValkey++;
    return this.#withRefresh(landing, job, generation);
  }

  /** A stale answer is given at once; who meets the first one refreshes it behind its back. */
  #withRefresh(landing: Landing, job: Job, generation: string): Landing {
    if (landing.outcome !== 'stale') return landing;
    this.#counters.hitsStale++;
    if (this.#flights.of(job.key, generation) || this.#resting.has(job.key)) return landing;
    const flight = this.#flights.begin(job.key, generation, (begun) =>
      this.#computations.refresh(begun, job),
    );
    flight.landing.catch((error: unknown) => {
      this.#resting.add(job.key);
      this.#log.refreshFailed(job.key, error);
    });
    return landing;
  }
}
