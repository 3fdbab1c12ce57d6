import { leaversFor, type CallLog } from './call-log.ts';
import { NumberQueue } from './number-queue.ts';

/** The time of every call: admits exactly what the limit allows. 8 bytes a call. */
export class ExactLog implements CallLog {
  readonly #times = new NumberQueue();
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  count(now: number): number {
    const times = this.#times;
    const gone = now - this.#windowMs;
    while (times.size > 0 && times.at(0) <= gone) times.shift();
    return times.size;
  }

  add(now: number): void {
    this.#times.push(now);
  }

  roomIn(now: number, max: number): number {
    const leavers = leaversFor(this.count(now), max);
    return leavers === 0 ? this.#windowMs : this.#times.at(leavers - 1) + this.#windowMs - now;
  }
}
