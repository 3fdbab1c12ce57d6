const FIRST_BYTES = 1_024;
const NONE: Buffer = Buffer.alloc(0);

/** Bytes that come in pieces, in one buffer that grows: each piece kept by itself would cost a hundred times a byte that comes alone. */
export class GrowingBytes {
  #bytes = NONE;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param most how many there may be with these: no more memory is taken for them */
  add(piece: Buffer, most: number): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(FIRST_BYTES, 2 * length), most));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** All of them; from then on there are none. */
  take(): Buffer {
    const whole = this.#bytes.subarray(0, this.#length);
    this.#bytes = NONE;
    this.#length = 0;
    return whole;
  }
}
