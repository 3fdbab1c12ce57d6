import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { RecentMap } from './recent-map.ts';

describe('RecentMap', () => {
  it('never holds more than its capacity, and always the half of it that was set last', () => {
    const keys = fc.array(fc.nat({ max: 30 }).map(String), { maxLength: 200 });
    fc.assert(
      fc.property(keys, (set) => {
        const map = new RecentMap<number>(10);
        for (const [at, key] of set.entries()) {
          map.set(key, at);
          expect(map.size).toBeLessThan(10);
        }
        const last = new Map(set.map((key, at) => [key, at]).slice(-4) as [string, number][]);
        for (const [key, at] of last) expect(map.get(key)).toBe(at);
      }),
    );
  });

  it('keeps an entry alive that is set again and again, however many others come', () => {
    const map = new RecentMap<number>(10);
    for (let at = 0; at < 1000; at++) {
      map.set('mine', at);
      map.set(`other ${at}`, at);
      expect(map.get('mine')).toBe(at);
    }
  });

  it('forgets by key and by value', () => {
    const map = new RecentMap<number>(12);
    for (let value = 0; value < 9; value++) map.set(`k${value}`, value);
    map.delete('k0');
    map.delete('k8');
    map.deleteWhere((value) => value % 2 === 1);
    expect(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8'].filter((key) => map.has(key))).toEqual([
      'k2',
      'k4',
      'k6',
    ]);
  });

  it('does not slow down under a flood', () => {
    const map = new RecentMap<number>(50_000);
    const time = processorTime(() => {
      for (let at = 0; at < 500_000; at++) map.set(`k${at}`, at);
    });
    expect(time).toBeLessThan(5000);
    expect(map.size).toBeLessThan(50_000);
  });
});
