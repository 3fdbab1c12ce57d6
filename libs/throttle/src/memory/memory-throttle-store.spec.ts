import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Limit } from '../limit.ts';
import { MemoryThrottleStore } from './memory-throttle-store.ts';

const WINDOW_MS = 1_000;
const two: Limit = { id: 'client', name: 'client', max: 2, windowMs: WINDOW_MS };

function openStore(maxKeys: number) {
  let now = 0;
  const store = new MemoryThrottleStore({ maxKeys, clock: () => now });
  return {
    store,
    moveTo: (ms: number) => void (now = ms),
    call: (subject: string, limit = two) => store.decide([{ limit, subject }]).allowed,
  };
}

/** Bytes that stay allocated; asks the garbage collector twice for a true answer. */
function heapAfter(fill: () => unknown): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  const held = fill();
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  expect(held).toBeDefined();
  return bytes;
}

describe('a store that is full of subjects', () => {
  it('lets the new ones share one count, and leaves the known ones theirs', () => {
    const { call } = openStore(2);
    expect([call('a'), call('b')]).toEqual([true, true]);
    expect([call('c'), call('d'), call('e'), call('c')]).toEqual([true, true, false, false]);
    expect([call('a'), call('a'), call('b')]).toEqual([true, false, true]);
  });

  it('tells new subjects apart again once it has been quiet for two windows', () => {
    const { call, moveTo } = openStore(1);
    call('a');
    moveTo(500);
    expect([call('b'), call('b'), call('c')]).toEqual([true, true, false]);
    moveTo(4_000);
    expect([call('b'), call('b'), call('b')]).toEqual([true, true, false]);
    expect([call('c'), call('c'), call('c')]).toEqual([true, true, false]);
  });

  it('goes on sharing after there is room, for as long as the shared count is not empty', () => {
    const { call, moveTo } = openStore(1);
    call('a');
    moveTo(1_100);
    call('b');
    moveTo(2_000);
    expect(call('b')).toBe(true);
    moveTo(2_200); // `a` has gone, and the first call of `b` no longer counts.
    expect([call('b'), call('b')]).toEqual([true, false]);
  });

  it('keeps one kind of limit from pushing out another', () => {
    const { call } = openStore(3);
    const address: Limit = { ...two, id: 'address' };
    for (let n = 0; n < 50; n++) call(`10.0.0.${n}`, address);
    expect([call('a'), call('b'), call('b'), call('c')]).toEqual([true, true, true, true]);
  });

  it('helps a subject in the shared count when an admin resets it', () => {
    const { call, store } = openStore(1);
    expect([call('a'), call('b'), call('c'), call('b')]).toEqual([true, true, true, false]);
    store.reset([{ limit: two, subject: 'b' }]);
    expect([call('b'), call('b'), call('b'), call('c')]).toEqual([true, true, false, false]);
  });

  it.each([
    { kind: 'exactly', max: 3 },
    { kind: 'in slots', max: 1_001 },
  ])('never admits too much for any subject, counting $kind', ({ max }) => {
    const limit = { ...two, max };
    const burst = Math.ceil(max / 3);
    const calls = fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 600 }),
        subject: fc.constantFrom('a', 'b', 'c', 'd'),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 4 }), (sequence, maxKeys) => {
        const { call, moveTo } = openStore(maxKeys);
        const admitted = new Map<string, { now: number; calls: number }[]>();
        let now = 0;
        for (const { gap, subject } of sequence) {
          moveTo((now += gap));
          let passed = 0;
          for (let n = 0; n < burst; n++) passed += Number(call(subject, limit));
          const mine = admitted.get(subject) ?? [];
          admitted.set(subject, [...mine, { now, calls: passed }]);
        }
        for (const mine of admitted.values()) {
          for (const { now: start } of mine) {
            const inWindow = mine.filter((one) => one.now >= start && one.now < start + WINDOW_MS);
            expect(inWindow.reduce((sum, one) => sum + one.calls, 0)).toBeLessThanOrEqual(max);
          }
        }
      }),
    );
  });
});

describe('the memory of a store', () => {
  it('stays under 48 MB for a million addresses, of which 100,000 are told apart', () => {
    const address: Limit = { id: 'address', name: 'address', max: 2_000, windowMs: 300_000 };
    const bytes = heapAfter(() => {
      const { store, moveTo } = openStore(100_000);
      for (let n = 0; n < 1_000_000; n++) {
        moveTo(n / 10);
        store.decide([{ limit: address, subject: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` }]);
      }
      return store;
    });
    expect(bytes).toBeLessThan(48e6);
  });

  it('forgets subjects that stay away', () => {
    const bytes = heapAfter(() => {
      const { store, moveTo } = openStore(1_000_000);
      for (let n = 0; n < 300_000; n++) {
        moveTo(n);
        store.decide([{ limit: two, subject: `subject-${n}` }]);
      }
      return store;
    });
    expect(bytes).toBeLessThan(3e6);
  });

  it.each([
    { max: 1_000, windowMs: 60_000 },
    { max: 1_000_000, windowMs: 3_600_000 },
  ])('spends at most 10 KB on a key that uses all of $max calls', ({ max, windowMs }) => {
    const limit: Limit = { id: 'client', name: 'client', max, windowMs };
    const keys = 200;
    const bytes = heapAfter(() => {
      const { store, moveTo } = openStore(keys);
      const steps = Math.min(max, 2_000);
      for (let step = 0; step < steps * 1.5; step++) {
        moveTo((step * windowMs) / steps + 0.25);
        for (let key = 0; key < keys; key++) store.decide([{ limit, subject: `key-${key}` }]);
      }
      return store;
    });
    expect(bytes / keys).toBeLessThan(10_000);
  });
});
