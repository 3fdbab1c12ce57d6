import { describe, expect, it } from 'vitest';
import { diversify, fuse } from './fuse.ts';

const found = (chunk: string, conversation: number, score: number) => ({ chunk, conversation, score });

describe('one ranking of two', () => {
  it('scores by the mean of both, and by half of one', () => {
    const words = [found('a', 1, 0.8), found('b', 2, 0.4)];
    const meaning = [found('b', 2, 0.9), found('c', 3, 0.6)];
    const fused = fuse(words, meaning);
    expect(fused.map(({ chunk }) => chunk)).toEqual(['b', 'a', 'c']);
    expect(fused.map(({ score }) => score)).toEqual([expect.closeTo(0.65), 0.4, 0.3]);
  });

  it('gives each conversation a place before any has more than its share', () => {
    const ranked = [
      found('a', 1, 0.9),
      found('b', 1, 0.8),
      found('c', 1, 0.7),
      found('d', 2, 0.1),
      found('e', 3, 0),
    ];
    const chunks = (limit: number, share: number) =>
      diversify(ranked, limit, share).map(({ chunk }) => chunk);
    expect(chunks(3, 1)).toEqual(['a', 'd', 'e']);
    expect(chunks(4, 1)).toEqual(['a', 'b', 'd', 'e']);
    expect(chunks(3, 2)).toEqual(['a', 'b', 'd']);
    expect(chunks(9, 1)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
