import type { ChainState, Position } from '../chain/checkpoint.ts';
import type { Head } from '../chain/chain-link.ts';
import type { JournalStore } from './journal-store.ts';

/**
 * Signs the head of the chain: at once when the last time is a while ago, else at the end of the interval. So each
 * record of a quiet chain is under a signature at once, and a busy one is not slowed.
 */
export class Checkpointer {
  readonly #store: JournalStore;
  readonly #intervalMs: number;
  readonly #onFailure: (error: unknown) => void;
  /** The first record of the chain that goes on: named by all checkpoints from then on. */
  successor: Head | undefined;
  #last: Position | undefined;
  #written: Position | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #ends: Position[] = [];
  #failing = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  /** `onFailure` is told when heads can't be signed any more, once until they can. */
  constructor(store: JournalStore, intervalMs: number, onFailure: (error: unknown) => void = () => {}) {
    this.#store = store;
    this.#intervalMs = intervalMs;
    this.#onFailure = onFailure;
  }

  /** Whether the head of the chain could be signed when that was last tried. */
  get signing(): boolean {
    return !this.#failing;
  }

  /** The chain has come as far as this. */
  reached(position: Position): void {
    this.#last = position;
    this.#soon();
  }

  /** A segment ends here. That is signed once the next one is: a sealed segment says that another must be there. */
  ended(position: Position): void {
    this.#ends.push(position);
  }

  /** Signs the head now. Rejects where that fails. */
  async write(state: ChainState): Promise<void> {
    while (this.#writing) await this.#writing.catch(() => {});
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writtenAt = performance.now();
    this.#writing = this.#sign(state);
    try {
      await this.#writing;
    } finally {
      this.#writing = undefined;
    }
  }

  async #sign(state: ChainState): Promise<void> {
    const head = this.#last;
    if (!head) return;
    await this.#store.checkpoint(head, state, this.successor && [this.successor]);
    this.#written = head;
    for (let end = this.#ends[0]; end && end.segment < head.segment; end = this.#ends[0]) {
      await this.#store.checkpoint(end, 'sealed');
      this.#ends.shift();
    }
  }

  #soon(): void {
    if (this.#timer || this.#writing) return;
    const waitMs = this.#writtenAt + this.#intervalMs - performance.now();
    if (waitMs <= 0) void this.#writeIfDue();
    else this.#timer = setTimeout(() => void this.#writeIfDue(), waitMs).unref();
  }

  async #writeIfDue(): Promise<void> {
    this.#timer = undefined;
    try {
      await this.write('open');
      this.#failing = false;
    } catch (error) {
      // That holds no call back: the records themselves are safe, and the next try is soon.
      if (!this.#failing) this.#onFailure(error);
      this.#failing = true;
    }
    if (this.#written !== this.#last) this.#soon();
  }
}
