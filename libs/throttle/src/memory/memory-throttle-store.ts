import type { Limit, LimitClaim, LimitUsage, LimitVerdict } from '../limit.ts';
import { ThrottleStore } from '../throttle-store.ts';
import type { CallLog } from './call-log.ts';
import { EXACT_MAX, KeyTable } from './key-table.ts';

export interface MemoryThrottleStoreOptions {
  /** Subjects of one limit that are told apart; those past it share one count. */
  maxKeys: number;
  /** Milliseconds, never going back. */
  clock?: () => number;
}

const NONE: readonly number[] = Object.freeze([]);

/** Counts in this process. Synchronous: between two calls of it nothing else can count. */
export class MemoryThrottleStore extends ThrottleStore {
  readonly #tables = new Map<string, KeyTable>();
  /** The logs of the claims being decided: kept, so that a decision allocates no list. */
  readonly #logs: (CallLog | undefined)[] = [];
  readonly #maxKeys: number;
  readonly #clock: () => number;
  #shareOf = 1;

  constructor({ maxKeys, clock = () => performance.now() }: MemoryThrottleStoreOptions) {
    super();
    this.#maxKeys = maxKeys;
    this.#clock = clock;
  }

  /** From now on each limit is divided by so many processes, rounded up: none may be left with nothing. */
  shareWith(processes: number): void {
    this.#shareOf = processes;
  }

  /** Counts what was admitted elsewhere. */
  count(claims: readonly LimitClaim[]): void {
    const now = this.#clock();
    for (const { limit, subject } of claims) {
      const table = this.#tableOf(limit);
      const log = table.find(subject, now) ?? table.open(subject);
      log.count(now); // Lets go of what has left: nobody else may ask for long.
      log.add(now);
    }
  }

  override decide(claims: readonly LimitClaim[]): LimitVerdict {
    const now = this.#clock();
    let tightest = -1;
    let remaining = Infinity;
    for (let index = 0; index < claims.length; index++) {
      const { limit, subject } = claims[index]!;
      const log = this.#tableOf(limit).find(subject, now);
      this.#logs[index] = log;
      const room = this.#maxOf(limit) - (log?.count(now) ?? 0);
      if (room < remaining || (room === remaining && limit.windowMs > claims[tightest]!.limit.windowMs)) {
        remaining = room;
        tightest = index;
      }
    }
    if (remaining <= 0) return this.#refuse(claims, now);

    for (let index = 0; index < claims.length; index++) {
      const { limit, subject } = claims[index]!;
      const log = (this.#logs[index] ??= this.#tableOf(limit).open(subject));
      log.add(now);
    }
    const roomInMs = this.#logs[tightest]?.roomIn(now, Infinity) ?? 0;
    return { allowed: true, tightest, remaining: remaining - 1, roomInMs, exhausted: NONE };
  }

  override status(claims: readonly LimitClaim[]): LimitUsage[] {
    const now = this.#clock();
    return claims.map(({ limit, subject }) => {
      const log = this.#tableOf(limit).find(subject, now);
      return { used: log?.count(now) ?? 0, roomInMs: log?.roomIn(now, this.#maxOf(limit)) ?? limit.windowMs };
    });
  }

  override reset(claims: readonly LimitClaim[]): void {
    const now = this.#clock();
    for (const { limit, subject } of claims) this.#tableOf(limit).reset(subject, now);
  }

  #refuse(claims: readonly LimitClaim[], now: number): LimitVerdict {
    const exhausted: number[] = [];
    let tightest = -1;
    let roomInMs = -1;
    for (const [index, { limit }] of claims.entries()) {
      const log = this.#logs[index];
      const max = this.#maxOf(limit);
      if ((log?.count(now) ?? 0) < max) continue;
      exhausted.push(index);
      const wait = log?.roomIn(now, max) ?? limit.windowMs;
      if (wait > roomInMs) {
        roomInMs = wait;
        tightest = index;
      }
    }
    return { allowed: false, tightest, remaining: 0, roomInMs, exhausted };
  }

  #maxOf({ max }: Limit): number {
    return this.#shareOf === 1 ? max : Math.ceil(max / this.#shareOf);
  }

  #tableOf({ id, max, windowMs }: Limit): KeyTable {
    let table = this.#tables.get(id);
    if (!table) {
      table = new KeyTable(windowMs, max <= EXACT_MAX, this.#maxKeys);
      this.#tables.set(id, table);
    }
    return table;
  }
}
