/** RFC 6455, section 5.2: two bytes, a longer length, and a mask. */
const LONGEST_HEAD = 14;
const FIN = 0x80;
const MASKED = 0x80;
const CONTROL = 0x08;

/**
 * Says whether a message has begun that is not whole yet, by the heads of its frames: `ws` tells of messages once they are
 * whole, and of nothing before. It keeps no payload and judges nothing: what is no frame is refused by `ws`.
 */
export class FrameFollower {
  readonly #head = Buffer.alloc(LONGEST_HEAD);
  /** Of the head of a frame: so many bytes are there. */
  #headLength = 0;
  /** Of its payload: so many are still to come. */
  #missing = 0;
  /** What is to become of the message once this frame is whole. */
  #goesOn = false;
  /** Its first frames are there. */
  #isFragmented = false;

  get isPartial(): boolean {
    return this.#isFragmented || this.#missing > 0 || this.#headLength > 0;
  }

  /** Says whether something was whole in between, so that what is partial now has begun in this chunk. */
  follow(chunk: Buffer): boolean {
    let wasWhole = !this.isPartial;
    for (let at = 0; at < chunk.length;) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, chunk.length - at);
        this.#missing -= taken;
        at += taken;
      } else this.#head[this.#headLength++] = chunk[at++]!;
      if (this.#missing === 0 && this.#isHeadWhole()) this.#open();
      if (this.#missing === 0 && this.#headLength === 0) this.#isFragmented = this.#goesOn;
      wasWhole ||= !this.isPartial;
    }
    return wasWhole;
  }

  #isHeadWhole(): boolean {
    return this.#headLength >= 2 && this.#headLength === headLengthOf(this.#head[1]!);
  }

  #open(): void {
    const [first = 0, second = 0] = this.#head;
    this.#headLength = 0;
    this.#missing = payloadLengthOf(this.#head, second & ~MASKED);
    // Control frames may come between those of a message, and end nothing (RFC 6455, section 5.4).
    this.#goesOn = (first & CONTROL) === 0 ? (first & FIN) === 0 : this.#isFragmented;
  }
}

function headLengthOf(second: number): number {
  const length = second & ~MASKED;
  const extended = length === 127 ? 8 : length === 126 ? 2 : 0;
  return 2 + extended + ((second & MASKED) === 0 ? 0 : 4);
}

function payloadLengthOf(head: Buffer, length: number): number {
  if (length === 127) return Number(head.readBigUInt64BE(2));
  return length === 126 ? head.readUInt16BE(2) : length;
}
