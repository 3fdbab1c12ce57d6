const NEWLINE = 0x0a;
const RETURN = 0x0d;
const EMPTY = Buffer.alloc(0);
const FIRST_BYTES = 1024;

/**
 * Finds the lines in bytes that come as they like. Of a line that is not whole yet only its bytes are kept, in one buffer
 * that grows, so that a client which sends one byte at a time costs no more than its line.
 */
export class LineReader {
  #partial = EMPTY;
  #length = 0;

  /** Of one line; it may change between two, also while they are read. */
  constructor(public maxBytes: number) {}

  /** Whether a line has begun that is not whole yet. */
  get isPartial(): boolean {
    return this.#length > 0;
  }

  /** Gives each line that is whole now, without its end. False after one that is larger than allowed by then. */
  read(chunk: Buffer, take: (line: Buffer) => void): boolean {
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
      const line = this.#whole(chunk.subarray(begin, end));
      begin = end + 1;
      if (line.length > this.maxBytes) return false;
      if (line.length > 0) take(line);
    }
    const rest = chunk.subarray(begin);
    if (this.#length + rest.length > this.maxBytes) return false;
    this.#keep(rest);
    return true;
  }

  #whole(end: Buffer): Buffer {
    const line = this.#length === 0 ? end : Buffer.concat([this.#partial.subarray(0, this.#length), end]);
    this.#partial = EMPTY;
    this.#length = 0;
    return line.at(-1) === RETURN ? line.subarray(0, -1) : line;
  }

  #keep(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#partial.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(FIRST_BYTES, 2 * length), this.maxBytes));
      this.#partial.copy(larger, 0, 0, this.#length);
      this.#partial = larger;
    }
    bytes.copy(this.#partial, this.#length);
    this.#length = length;
  }
}
