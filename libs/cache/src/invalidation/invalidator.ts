import type { Invalidated } from '../cache.ts';
import type { CacheLog } from '../cache-log.ts';
import type { Flights } from '../flight/flights.ts';
import { globFits } from '../glob.ts';
import type { BusTransport, News } from '../tiers/bus-transport.ts';
import type { MemoryTier } from '../tiers/memory-tier.ts';
import type { Tiers } from '../tiers/tiers.ts';
import type { ValkeyTier } from '../tiers/valkey-tier.ts';
import { EVERYTHING, type Generations } from './generations.ts';
import { UntoldInvalidations, type Invalidation } from './invalidation.ts';

const AGAIN_MS = 1_000;

export interface InvalidatorOptions {
  memory: MemoryTier;
  tiers: Tiers;
  generations: Generations;
  flights: Flights;
  log: CacheLog;
  shared: { up: () => boolean; tier: ValkeyTier; bus: BusTransport } | undefined;
}

/**
 * Makes entries void: here at once, and in Valkey and the other replicas before it resolves. What Valkey could not be told
 * is told when it is back; until then this process shares nothing with the others.
 */
export class Invalidator {
  readonly #options: InvalidatorOptions;
  readonly #untold = new UntoldInvalidations();
  #telling: Promise<void> = Promise.resolve();
  #again: NodeJS.Timeout | undefined;
  #behind = false;

  constructor(options: InvalidatorOptions) {
    this.#options = options;
  }

  /** There is something that the others could not be told. */
  get behind(): boolean {
    return this.#behind;
  }

  async invalidate(invalidation: Invalidation): Promise<Invalidated> {
    this.#applyHere(invalidation);
    if (!this.#options.shared) return { replicas: 'all' };
    this.#untold.add(invalidation);
    await this.tellOthers();
    return { replicas: this.#behind ? 'this' : 'all' };
  }

  /** Another process has made something void. */
  hear({ type, keys }: News): void {
    const { flights, generations } = this.#options;
    if (type === 'tags') generations.forget(keys);
    else if (type === 'pattern') this.#dropFitting(keys[0] ?? '*');
    else if (type === 'clear') flights.dropWhere(() => true);
    else if (type === 'delete') flights.dropWhere((key) => keys.includes(key));
  }

  /** News may have been missed: nothing that was known counts any more. */
  forgetAll(): void {
    this.#options.memory.clear();
    this.#options.generations.forgetAll();
  }

  /** Never rejects. What can't be told is tried again. */
  tellOthers(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tell());
    return this.#telling;
  }

  close(): void {
    clearTimeout(this.#again);
  }

  async #tell(): Promise<void> {
    const { shared, log } = this.#options;
    if (this.#untold.none || !shared) return;
    try {
      if (!shared.up()) throw new Error('Valkey is away');
      await this.#untold.tell((invalidation) => this.#applyEverywhere(invalidation));
    } catch (error) {
      if (!this.#behind) {
        log.untold(error);
        this.#behind = true;
        this.forgetAll(); // Valkey may have been asked meanwhile, and have said what was before.
      }
      clearTimeout(this.#again);
      this.#again = setTimeout(() => void this.tellOthers(), AGAIN_MS).unref();
      return;
    }
    if (this.#behind) this.forgetAll(); // What was kept meanwhile goes by generations of our own.
    this.#behind = false;
  }

  #applyHere(invalidation: Invalidation): void {
    const { memory, generations, flights } = this.#options;
    if ('tags' in invalidation) {
      generations.end(invalidation.tags);
    } else if ('everything' in invalidation) {
      generations.end([EVERYTHING]);
      flights.dropWhere(() => true);
      memory.clear();
    } else if ('pattern' in invalidation) {
      this.#dropFitting(invalidation.pattern);
    } else {
      flights.dropWhere((key) => key === invalidation.key);
      memory.delete(invalidation.key);
    }
  }

  async #applyEverywhere(invalidation: Invalidation): Promise<void> {
    const { tiers, generations, shared } = this.#options;
    const { tier, bus } = shared!;
    const lost = bus.lost;
    if ('tags' in invalidation) {
      await generations.share(invalidation.tags, bus.write({ type: 'tags', keys: invalidation.tags }));
    } else if ('everything' in invalidation) {
      await generations.share([EVERYTHING], bus.write({ type: 'tags', keys: [EVERYTHING] }));
      await tiers.clear();
    } else if ('pattern' in invalidation) {
      const { pattern } = invalidation;
      await tier.deleteFitting(pattern);
      await bus.say({ type: 'pattern', keys: [pattern] });
    } else {
      await tiers.delete(invalidation.key);
    }
    if (bus.lost !== lost) throw new Error('The other replicas were not told');
  }

  #dropFitting(pattern: string): void {
    const { memory, flights } = this.#options;
    const fits = (key: string): boolean => globFits(pattern, key);
    flights.dropWhere(fits);
    memory.deleteWhere(fits);
  }
}
