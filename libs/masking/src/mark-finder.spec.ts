import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MarkFinder } from './mark-finder.ts';

describe('MarkFinder', () => {
  it('finds what a search for each mark finds', () => {
    const letters = fc.constantFrom(...'abcABC:_é😀');
    const word = (least: number, most: number): fc.Arbitrary<string> =>
      fc.array(letters, { minLength: least, maxLength: most }).map((all) => all.join(''));
    const mark = word(1, 4).filter((text) => /^[a-z:_]+$/i.test(text));
    const group = fc.array(mark, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.tuple(group, group), word(0, 40), (groups, text) => {
        const naive = groups.reduce(
          (bits, marks, i) =>
            marks.some((one) => text.toLowerCase().includes(one.toLowerCase())) ? bits | (1 << i) : bits,
          0,
        );
        expect(new MarkFinder(groups).in(text)).toBe(naive);
      }),
      { numRuns: 2_000 },
    );
  });
});
