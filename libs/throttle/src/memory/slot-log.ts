import { leaversFor, type CallLog } from './call-log.ts';
import { NumberQueue } from './number-queue.ts';

/** Parts of a window that are told apart. */
export const SLOTS = 128;

/**
 * Calls counted by slots of 1/128 window. Each counts as if made at the end of its slot, so it counts up to 1/128
 * window too long and never too short. At most 130 slots hold calls, whatever the limit: 4 KB at most.
 */
export class SlotLog implements CallLog {
  /** Slot number, calls in it, slot number, calls in it, …: oldest first, no empty slot. */
  readonly #slots = new NumberQueue();
  readonly #windowMs: number;
  readonly #slotMs: number;
  #total = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    this.#slotMs = windowMs / SLOTS;
  }

  count(now: number): number {
    const slots = this.#slots;
    while (slots.size > 0 && this.#leavesAt(slots.at(0)) <= now) {
      this.#total -= slots.at(1);
      slots.shift(2);
    }
    return this.#total;
  }

  add(now: number): void {
    const slots = this.#slots;
    const slot = Math.floor(now / this.#slotMs);
    const last = slots.size - 2;
    if (last >= 0 && slots.at(last) === slot) {
      slots.set(last + 1, slots.at(last + 1) + 1);
    } else {
      slots.push(slot);
      slots.push(1);
    }
    this.#total++;
  }

  roomIn(now: number, max: number): number {
    let leavers = leaversFor(this.count(now), max);
    if (leavers === 0) return this.#windowMs;
    let index = 0;
    while ((leavers -= this.#slots.at(index + 1)) > 0) index += 2;
    return this.#leavesAt(this.#slots.at(index)) - now;
  }

  #leavesAt(slot: number): number {
    return (slot + 1) * this.#slotMs + this.#windowMs;
  }
}
