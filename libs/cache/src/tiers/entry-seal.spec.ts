import { describe, expect, it } from 'vitest';
import { EntrySeal } from './entry-seal.ts';

const options = { key: Buffer.alloc(32, 1), compressOverBytes: 1_000, maxBytes: 100_000 };
const seal = new EntrySeal(options);

describe('a sealed entry', () => {
  it.each([
    ['small', 'a line\nand another, with 😀', 200],
    ['large', 'words and words '.repeat(1_000), 2_000],
  ])('gives back what it holds, %s, and shows nothing of it', async (_, line, atMost) => {
    const sealed = await seal.seal('key', line);
    expect(sealed.length).toBeLessThan(atMost);
    expect(sealed.toString('latin1')).not.toContain(line.slice(0, 10));
    expect(await seal.open('key', sealed)).toBe(line);
  });

  it('does not open under another key, with another secret, or where a bit was changed', async () => {
    const sealed = await seal.seal('key', 'line');
    expect(await seal.open('other key', sealed)).toBeUndefined();
    expect(await new EntrySeal({ ...options, key: Buffer.alloc(32, 2) }).open('key', sealed)).toBeUndefined();
    for (let n = 0; n < sealed.length; n++) {
      const changed = Buffer.from(sealed);
      changed[n]! ^= 1;
      expect(await seal.open('key', changed)).toBeUndefined();
    }
    for (const length of [0, 1, 28, sealed.length - 1])
      expect(await seal.open('key', sealed.subarray(0, length))).toBeUndefined();
  });

  it('does not grow beyond what an entry may have', async () => {
    const bomb = await seal.seal('key', 'a'.repeat(200_000));
    expect(bomb.length).toBeLessThan(2_000);
    expect(await seal.open('key', bomb)).toBeUndefined();
  });
});
