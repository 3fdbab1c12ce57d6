import type { CallLog } from './call-log.ts';
import { ExactLog } from './exact-log.ts';
import { SLOTS, SlotLog } from './slot-log.ts';

/** Up to this limit the time of each call is kept: 8 KB a key at most. */
export const EXACT_MAX = 1_000;

/**
 * The subjects of one limit, each with its log. Two generations: each subject that is seen moves to the fresh one; once a
 * generation is older than the window, what was not seen since has no call left that counts, and goes as a whole.
 */
export class KeyTable {
  #fresh = new Map<string, CallLog>();
  #stale = new Map<string, CallLog>();
  #turnsAt = 0;
  #shared: CallLog;
  readonly #generationMs: number;

  constructor(
    private readonly windowMs: number,
    private readonly exact: boolean,
    private readonly maxKeys: number,
  ) {
    this.#generationMs = windowMs + windowMs / SLOTS;
    this.#shared = this.#newLog();
  }

  get #size(): number {
    return this.#fresh.size + this.#stale.size;
  }

  /** The log that holds the subject's calls, if it may have made any that count. */
  find(subject: string, now: number): CallLog | undefined {
    if (now >= this.#turnsAt) this.#turn(now);
    const log = this.#fresh.get(subject) ?? this.#revive(subject);
    return log ?? (this.#crowded(now) ? this.#shared : undefined);
  }

  /** The log of a subject that `find` knew nothing of. */
  open(subject: string): CallLog {
    const log = this.#newLog();
    this.#fresh.set(subject, log);
    return log;
  }

  /** A subject that was counted in the shared log gets one of its own: its reset must help it, and only it. */
  reset(subject: string, now: number): void {
    this.#fresh.delete(subject);
    this.#stale.delete(subject);
    if (this.#crowded(now)) this.open(subject);
  }

  /**
   * Past the cap, subjects that are new share one log: evicting a live one would let its subject begin anew. They go
   * on to share it until it is empty, since any of its calls may be theirs.
   */
  #crowded(now: number): boolean {
    return this.#size >= this.maxKeys || this.#shared.count(now) > 0;
  }

  #revive(subject: string): CallLog | undefined {
    const log = this.#stale.get(subject);
    if (log) {
      this.#stale.delete(subject);
      this.#fresh.set(subject, log);
    }
    return log;
  }

  #turn(now: number): void {
    const quiet = now >= this.#turnsAt + this.#generationMs;
    this.#stale = quiet ? new Map() : this.#fresh;
    this.#fresh = new Map();
    this.#turnsAt = now + this.#generationMs;
  }

  #newLog(): CallLog {
    return this.exact ? new ExactLog(this.windowMs) : new SlotLog(this.windowMs);
  }
}
