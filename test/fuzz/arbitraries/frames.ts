import fc, { type Arbitrary } from 'fast-check';

/** One frame of a WebSocket, sound or not (RFC 6455, section 5.2). */
export interface Frame {
  readonly fin: boolean;
  /** The three reserved bits. */
  readonly reserved: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Uint8Array;
  /** How its length is written down: as short as can be, with more bytes than it needs, or as a lie. */
  readonly length: 'shortest' | '16' | '64' | { readonly claimed: bigint };
}

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
const PING = 9;
const PONG = 10;

export function frame(opcode: number, payload: Uint8Array, more: Partial<Frame> = {}): Frame {
  return { fin: true, reserved: 0, opcode, masked: true, payload, length: 'shortest', ...more };
}

/** The bytes of a frame. */
export function frameBytes({ fin, reserved, opcode, masked, payload, length }: Frame, mask: number): Buffer {
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const flag = masked ? 0x80 : 0;
  const size = typeof length === 'object' ? length.claimed : BigInt(payload.length);
  const wide = typeof length === 'object' || length === '64' || size > 0xff_ffn;
  const head = Buffer.alloc(wide ? 10 : length === '16' || size > 125n ? 4 : 2);
  head[0] = first;
  if (head.length === 2) head[1] = flag | Number(size);
  else if (head.length === 4) {
    head[1] = flag | 126;
    head.writeUInt16BE(Number(size), 2);
  } else {
    head[1] = flag | 127;
    head.writeBigUInt64BE(size, 2);
  }
  if (!masked) return Buffer.concat([head, payload]);
  const key = Buffer.alloc(4);
  key.writeUInt32BE(mask);
  return Buffer.concat([head, key, payload.map((byte, index) => byte ^ key[index % 4]!)]);
}

/** A message in so many frames, with control frames between them as they may be. */
export function fragments(payload: Uint8Array, cuts: readonly number[], between: readonly Frame[]): Frame[] {
  const places = [0, ...cuts.map((cut) => Math.floor(cut * payload.length)).toSorted((a, b) => a - b)];
  return places.flatMap((begin, index) => {
    const last = index === places.length - 1;
    const piece = payload.subarray(begin, last ? payload.length : places[index + 1]);
    const one = frame(index === 0 ? TEXT : 0, piece, { fin: last });
    return last ? [one] : [one, ...between];
  });
}

export const control: Arbitrary<Frame> = fc
  .tuple(fc.constantFrom(PING, PONG), fc.uint8Array({ maxLength: 125 }))
  .map(([opcode, payload]) => frame(opcode, payload));

/** What a client says at the end: codes that may be said, and others. */
export const farewell: Arbitrary<Frame> = fc
  .oneof(
    fc.constant(new Uint8Array()),
    fc.uint8Array({ maxLength: 130 }),
    fc
      .tuple(
        fc.oneof(fc.constantFrom(1000, 1001, 1005, 1006, 1015, 999, 2999, 3000, 4999, 5000), fc.nat(0xff_ff)),
        fc.uint8Array({ maxLength: 20 }),
      )
      .map(([code, reason]) => Buffer.concat([Buffer.from([code >> 8, code & 0xff]), reason])),
  )
  .map((payload) => frame(CLOSE, payload));

/** A frame that breaks one rule or more, or none. */
export const strayFrame: Arbitrary<Frame> = fc.record<Frame>({
  fin: fc.boolean(),
  reserved: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(7)),
  opcode: fc.nat(15),
  masked: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.boolean()),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom(
      Buffer.from([0xff]),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from([0xf4, 0x90, 0x80, 0x80]),
    ),
  ),
  length: fc.oneof(
    { weight: 4, arbitrary: fc.constant('shortest' as const) },
    fc.constantFrom('16' as const, '64' as const),
    fc
      .constantFrom(
        0n,
        1n,
        126n,
        65_536n,
        1_048_577n,
        2n ** 31n,
        2n ** 32n,
        2n ** 53n,
        2n ** 63n,
        2n ** 64n - 1n,
      )
      .map((claimed) => ({ claimed })),
  ),
});
