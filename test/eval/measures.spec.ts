import { describe, expect, it } from 'vitest';
import { averagePrecision, ndcg, percentile, recall } from './measures.ts';

const relevant = new Set(['a', 'b']);

describe('measures of a ranking', () => {
  it.each([
    ['all of them first', ['a', 'b', 'x'], 1, 1, 1],
    ['one of them second', ['x', 'a', 'y'], 1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 0.25, 0.5],
    ['none of them', ['x', 'y'], 0, 0, 0],
    ['nothing found', [], 0, 0, 0],
  ])('%s', (_, ranked, gain, precision, share) => {
    expect(ndcg(10)(ranked, relevant)).toBeCloseTo(gain, 10);
    expect(averagePrecision(ranked, relevant)).toBeCloseTo(precision, 10);
    expect(recall(10)(ranked, relevant)).toBeCloseTo(share, 10);
  });

  it('look no further than asked', () => {
    expect(ndcg(1)(['x', 'a'], relevant)).toBe(0);
    expect(recall(1)(['a', 'b'], relevant)).toBe(0.5);
  });

  it('are 0 where nothing is relevant', () => {
    for (const measure of [ndcg(10), averagePrecision, recall(10)]) expect(measure(['a'], new Set())).toBe(0);
  });

  it('percentile is the nearest rank', () => {
    expect(percentile([5, 1, 3, 2, 4], 0.5)).toBe(3);
    expect(percentile([5, 1, 3, 2, 4], 0.95)).toBe(5);
    expect(percentile([], 0.5)).toBe(0);
  });
});
