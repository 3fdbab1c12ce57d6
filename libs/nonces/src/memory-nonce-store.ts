import { GatehouseError } from '#errors';
import { NonceStore, type Nonce } from './nonce-store.ts';

export interface MemoryNonceStoreOptions {
  /** Nonces at one time; some 150 bytes each. */
  maxNonces?: number;
  /** Milliseconds, never going back. */
  clock?: () => number;
}

const MAX_NONCES = 500_000;
/** So many are looked at for each that comes, so that what is over goes without a long pause. */
const LOOKS = 4;
/** When it is full. Those that are kept for less long than the oldest are not all found then, and a flood costs little. */
const LOOKS_WHEN_FULL = 1_000;

/** Of one process. It never forgets one before its time: when it is full, it refuses. */
export class MemoryNonceStore extends NonceStore {
  /** By sender and value, in the order of their use: when its time is over. */
  readonly #used = new Map<string, number>();
  readonly #maxNonces: number;
  readonly #clock: () => number;

  constructor({ maxNonces = MAX_NONCES, clock = () => performance.now() }: MemoryNonceStoreOptions = {}) {
    super();
    this.#maxNonces = maxNonces;
    this.#clock = clock;
  }

  get size(): number {
    return this.#used.size;
  }

  override use({ sender, value, keepMs }: Nonce): boolean {
    const now = this.#clock();
    this.#forgetEnded(now, LOOKS);
    const name = `${sender.length} ${sender}${value}`;
    const endsAt = this.#used.get(name);
    if (endsAt !== undefined && now < endsAt) return false;
    if (this.#used.size >= this.#maxNonces) this.#forgetEnded(now, LOOKS_WHEN_FULL);
    if (this.#used.size >= this.#maxNonces)
      throw new GatehouseError('UNAVAILABLE', 'Nonces cannot be checked at the moment: try again');
    this.#used.delete(name);
    this.#used.set(name, now + keepMs);
    return true;
  }

  /** Only ever the oldest: the time to keep them is nearly always the same. */
  #forgetEnded(now: number, looks: number): void {
    let looked = 0;
    for (const [name, endsAt] of this.#used) {
      if (now >= endsAt) this.#used.delete(name);
      else if (looks === LOOKS) return;
      if (++looked >= looks) return;
    }
  }
}
