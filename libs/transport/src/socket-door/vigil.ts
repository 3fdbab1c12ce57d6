import { endings } from './endings.ts';
import type { ServedConnection } from './served-connection.ts';
import type { Wire } from './wire.ts';

const LONGEST_STEP_MS = 1_000;
const STEPS = 10;
/** How often the other end is asked whether it is still there. */
const PROBE_MS = 30_000;

export interface VigilOptions {
  timeoutMs: number;
  idleMs: number;
  probeMs?: number;
}

interface Kept {
  readonly wire: Wire;
  taken: number;
  takenAt: number;
  probeAt: number;
}

/** Looks after all connections of a door by one clock: who rests too long, trickles, does not read, or is not there any more. */
export class Vigil {
  readonly #kept = new Map<ServedConnection, Kept>();
  readonly #clock: NodeJS.Timeout;
  readonly #timeoutMs: number;
  readonly #idleMs: number;
  readonly #probeMs: number;

  constructor({ timeoutMs, idleMs, probeMs = PROBE_MS }: VigilOptions) {
    this.#timeoutMs = timeoutMs;
    this.#idleMs = idleMs;
    this.#probeMs = probeMs;
    const stepMs = Math.min(LONGEST_STEP_MS, ...[timeoutMs, idleMs, probeMs].map((ms) => ms / STEPS));
    this.#clock = setInterval(() => this.#look(), stepMs).unref();
  }

  /** Returns what ends it. */
  keep(served: ServedConnection, wire: Wire): () => void {
    const now = performance.now();
    this.#kept.set(served, { wire, taken: wire.taken, takenAt: now, probeAt: now + this.#probeMs });
    return () => this.#kept.delete(served);
  }

  close(): void {
    clearInterval(this.#clock);
  }

  #look(): void {
    const now = performance.now();
    const rested = Date.now() - this.#idleMs;
    for (const [served, kept] of this.#kept) {
      const { partialSince, unread } = kept.wire;
      const rests = served.running === 0 && unread === 0 && served.lastActiveAt <= rested;
      if (this.#isStuck(kept, now)) served.end(endings.unread);
      else if (partialSince !== undefined && now - partialSince > this.#timeoutMs)
        served.end(endings.trickling);
      else if (rests) served.end(endings.idle);
      else if (now >= kept.probeAt) {
        kept.probeAt = now + this.#probeMs;
        // An answer that has come while this process was busy is read first.
        setImmediate(() => this.#probe(served, kept));
      }
    }
  }

  #probe(served: ServedConnection, { wire }: Kept): void {
    if (this.#kept.has(served) && !wire.probe()) served.end(endings.silent);
  }

  /** Something waits for the client, and it takes none of it. An answer that is computed is no such thing. */
  #isStuck(kept: Kept, now: number): boolean {
    const { unread, taken } = kept.wire;
    if (unread === 0 || taken > kept.taken) {
      kept.taken = taken;
      kept.takenAt = now;
    }
    return now - kept.takenAt > 2 * this.#timeoutMs;
  }
}
