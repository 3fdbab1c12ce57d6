import { Logger } from '@nestjs/common';
import type { ValkeyConnection } from '#valkey';
import type { LimitClaim, LimitUsage, LimitVerdict } from '../limit.ts';
import type { MemoryThrottleStore } from '../memory/memory-throttle-store.ts';
import { ThrottleStore } from '../throttle-store.ts';
import type { Replicas } from './replicas.ts';

/** How often it is tried whether limits can be shared again. */
const PROBE_MS = 500;
/** Counted when it is tried; it holds for nobody. */
const PROBE: readonly LimitClaim[] = [
  { limit: { id: 'probe', name: 'probe', max: 1_000_000, windowMs: 1_000 }, subject: '' },
];

/** Limits are shared no more, or again. */
export interface LimitTurn {
  readonly shared: boolean;
  /** Why they are not; undefined where they are. */
  readonly reason: string | undefined;
  /** Into how many shares each limit is divided meanwhile. */
  readonly replicas: number;
  /** Milliseconds that it had been the other way. */
  readonly afterMs: number;
}

export interface SharedThrottleStoreOptions {
  /** Decides for all processes; it may fail. */
  shared: ThrottleStore;
  /** Decides for this one meanwhile. */
  local: MemoryThrottleStore;
  connection: ValkeyConnection;
  replicas: Replicas;
}

/**
 * All processes count together in Valkey. While it can't be asked, each enforces its share of every limit by itself: the
 * limit divided by the processes last seen, rounded up (ARC-29). What it was admitted by Valkey before counts in its share,
 * so that an outage hands out no second helping. Goes back by itself, once Valkey has made a decision again.
 */
export class SharedThrottleStore extends ThrottleStore {
  readonly #options: SharedThrottleStoreOptions;
  readonly #logger = new Logger('Throttle');
  readonly #listeners = new Set<(turn: LimitTurn) => void>();
  readonly #unlisten: () => void;
  /** While this process is by itself. */
  #probes: NodeJS.Timeout | undefined;
  #since = performance.now();
  #probing = false;
  #last: LimitTurn | undefined;

  constructor(options: SharedThrottleStoreOptions) {
    super();
    this.#options = options;
    this.#unlisten = options.connection.onTurn(({ up, reason }) => {
      if (up) void this.#probe();
      else this.#goAlone(reason ?? 'Valkey is away');
    });
    if (!options.connection.up) this.#goAlone(options.connection.client.refusal.message);
  }

  /** Whether all processes count together now. */
  get isShared(): boolean {
    return this.#probes === undefined;
  }

  /** Processes that count together, as far as is known. */
  get replicas(): number {
    return this.#options.replicas.count;
  }

  /** Whoever listens is told of each turn, and of the last one at once if limits are not shared now. */
  onTurn(listener: (turn: LimitTurn) => void): () => void {
    this.#listeners.add(listener);
    if (this.#last && !this.#last.shared) listener(this.#last);
    return () => void this.#listeners.delete(listener);
  }

  /** With a promise only where Valkey is asked. */
  override decide(claims: readonly LimitClaim[]): LimitVerdict | Promise<LimitVerdict> {
    return this.#probes ? this.#decideAlone(claims) : this.#decideTogether(claims);
  }

  override async status(claims: readonly LimitClaim[]): Promise<readonly LimitUsage[]> {
    if (!this.isShared) return this.#options.local.status(claims);
    try {
      return await this.#options.shared.status(claims);
    } catch (error) {
      this.#goAlone((error as Error).message);
      return this.#options.local.status(claims);
    }
  }

  /** In Valkey and here. While Valkey is away other processes keep their share of it. */
  override async reset(claims: readonly LimitClaim[]): Promise<void> {
    this.#options.local.reset(claims);
    if (!this.isShared) return;
    try {
      await this.#options.shared.reset(claims);
    } catch (error) {
      this.#goAlone((error as Error).message);
    }
  }

  async close(): Promise<void> {
    this.#unlisten();
    this.#listeners.clear();
    clearInterval(this.#probes);
    await this.#options.replicas.close();
  }

  async #decideTogether(claims: readonly LimitClaim[]): Promise<LimitVerdict> {
    try {
      const verdict = await this.#options.shared.decide(claims);
      if (verdict.allowed) this.#options.local.count(claims);
      return verdict;
    } catch (error) {
      this.#goAlone((error as Error).message);
      return this.#decideAlone(claims);
    }
  }

  #decideAlone(claims: readonly LimitClaim[]): LimitVerdict {
    this.#options.local.shareWith(this.replicas);
    return this.#options.local.decide(claims);
  }

  #goAlone(reason: string): void {
    if (this.#probes) return;
    this.#probes = setInterval(() => void this.#probe(), PROBE_MS).unref();
    const { replicas } = this.#turn(false, reason);
    this.#logger.warn(
      `Rate limit check failed: ${reason}; this process enforces 1/${replicas} of each limit by itself`,
    );
  }

  async #probe(): Promise<void> {
    if (!this.#probes || this.#probing || !this.#options.connection.up) return;
    this.#probing = true;
    try {
      await this.#options.shared.decide(PROBE);
      this.#shareAgain();
    } catch {
      // Not yet: out of memory, without a right that it needs, or gone once more.
    } finally {
      this.#probing = false;
    }
  }

  #shareAgain(): void {
    clearInterval(this.#probes);
    this.#probes = undefined;
    const { afterMs } = this.#turn(true, undefined);
    this.#logger.log(`Rate limits are shared again after ${Math.round(afterMs / 100) / 10} s`);
  }

  #turn(shared: boolean, reason: string | undefined): LimitTurn {
    const now = performance.now();
    const turn = { shared, reason, replicas: this.replicas, afterMs: now - this.#since };
    this.#since = now;
    this.#last = turn;
    for (const listener of this.#listeners) listener(turn);
    return turn;
  }
}
