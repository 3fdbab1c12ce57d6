import * as ws from 'ws';
import { describe, expect, it } from 'vitest';
import { FrameFollower } from './frame-follower.ts';

type Opcode = 0 | 1 | 9;

/** As `ws` writes it, of a client. */
function frame(payload: string, opcode: Opcode = 1, fin = true): Buffer {
  const options = { fin, opcode, rsv1: false, mask: true, readOnly: false };
  return Buffer.concat((ws as unknown as { Sender: Framing }).Sender.frame(Buffer.from(payload), options));
}

interface Framing {
  frame(data: Buffer, options: object): Buffer[];
}

const sizes = [0, 1, 125, 126, 65_535, 65_536, 100_000];
const partial = (follower: FrameFollower, chunk: Buffer) => {
  const wasWhole = follower.follow(chunk);
  return { wasWhole, isPartial: follower.isPartial };
};

describe('a message of a WebSocket', () => {
  it.each(sizes)('of %i bytes is whole with its last byte, and not before', (size) => {
    const bytes = frame('x'.repeat(size));
    const follower = new FrameFollower();
    expect(partial(follower, bytes.subarray(0, 1))).toEqual({ wasWhole: true, isPartial: true });
    expect(partial(follower, bytes.subarray(1, -1))).toEqual({ wasWhole: false, isPartial: true });
    expect(partial(follower, bytes.subarray(-1))).toEqual({ wasWhole: true, isPartial: false });
  });

  it('is whole with the last of its fragments, whatever comes between them', () => {
    const follower = new FrameFollower();
    const unfinished = { wasWhole: false, isPartial: true };
    expect(partial(follower, frame('be', 1, false))).toEqual({ wasWhole: true, isPartial: true });
    expect(partial(follower, frame('', 0, false))).toEqual(unfinished);
    expect(partial(follower, frame('ping', 9))).toEqual(unfinished);
    expect(partial(follower, Buffer.concat([frame('gin', 0, false), frame('', 9)]))).toEqual(unfinished);
    expect(partial(follower, frame('', 0))).toEqual({ wasWhole: true, isPartial: false });
  });

  it('begins anew where the one before ends', () => {
    const follower = new FrameFollower();
    const [one, two] = [frame('one'), frame('two')];
    follower.follow(one.subarray(0, 4));
    expect(partial(follower, Buffer.concat([one.subarray(4), two.subarray(0, 3)]))).toEqual({
      wasWhole: true,
      isPartial: true,
    });
  });

  it('is followed a byte at a time as in one piece', () => {
    const frames = [...sizes.map((size) => frame('x'.repeat(size))), frame('a', 1, false), frame('b', 0)];
    const follower = new FrameFollower();
    let whole = 0;
    for (const byte of Buffer.concat(frames)) {
      const before = follower.isPartial;
      follower.follow(Buffer.of(byte));
      if (before && !follower.isPartial) whole++;
    }
    expect(whole).toBe(sizes.length + 1);
  });
});
