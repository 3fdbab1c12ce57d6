import { GrowingBytes } from '../growing-bytes.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Finds the lines in bytes that come as they like. Of a line that is not whole yet only its bytes are kept, in one buffer
 * that grows, so that a client which sends one byte at a time costs no more than its line.
 */
export class LineReader {
  readonly #partial = new GrowingBytes();

  /** Of one line; it may change between two, also while they are read. */
  constructor(public maxBytes: number) {}

  /** Whether a line has begun that is not whole yet. */
  get isPartial(): boolean {
    return this.#partial.length > 0;
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
    if (this.#partial.length + rest.length > this.maxBytes) return false;
    this.#partial.add(rest, this.maxBytes);
    return true;
  }

  #whole(end: Buffer): Buffer {
    const line = this.isPartial ? Buffer.concat([this.#partial.take(), end]) : end;
    return line.at(-1) === RETURN ? line.subarray(0, -1) : line;
  }
}
