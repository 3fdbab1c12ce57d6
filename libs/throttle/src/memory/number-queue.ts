const INITIAL_CAPACITY = 2;

/** First in, first out, in a ring that doubles when it is full: a key that is used little costs little. */
export class NumberQueue {
  #ring: number[] = Array<number>(INITIAL_CAPACITY);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number at a place that is taken: 0 is the oldest. */
  at(index: number): number {
    return this.#ring[(this.#head + index) & (this.#ring.length - 1)] as number;
  }

  set(index: number, value: number): void {
    this.#ring[(this.#head + index) & (this.#ring.length - 1)] = value;
  }

  push(value: number): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.set(this.#size++, value);
  }

  /** Drops the oldest. */
  shift(count = 1): void {
    this.#head = (this.#head + count) & (this.#ring.length - 1);
    this.#size -= count;
  }

  /** The capacity stays a power of two, so that a place is found with a mask. */
  #grow(): void {
    const ring = Array<number>(this.#ring.length * 2);
    for (let index = 0; index < this.#size; index++) ring[index] = this.at(index);
    this.#ring = ring;
    this.#head = 0;
  }
}
