import { describe, expect, it } from 'vitest';
import { useKeyspace } from '#testing';
import type { Limit } from '../limit.ts';
import { ValkeyThrottleStore } from './valkey-throttle-store.ts';

const limit = (max: number, windowMs: number): Limit => ({ id: 'client', name: 'client', max, windowMs });
const claim = (of: Limit, subject = 'alice') => ({ limit: of, subject });

describe('limits in Valkey', () => {
  const keyspace = useKeyspace();

  function open() {
    const space = keyspace();
    let now = 1_800_000_000_000;
    return {
      space,
      store: new ValkeyThrottleStore({ connection: space, clock: () => now }),
      moveTo: (ms: number) => void (now = 1_800_000_000_000 + ms),
      keys: () => space.client.keys(`${space.namespace}:*`),
    };
  }

  it.each([
    { kind: 'exactly', max: 1_000, windowMs: 60_000 },
    { kind: 'in slots', max: 1_000_000, windowMs: 3_600_000 },
    { kind: 'in slots', max: 1_000_000_000, windowMs: 86_400_000 },
  ])('take at most 10 KB a key, counting $kind up to $max', async ({ max, windowMs }) => {
    const { store, moveTo, keys, space } = open();
    const steps = 1_000;
    let most = 0;
    for (let step = 0; step < steps * 2.3; step++) {
      moveTo((step * windowMs) / steps + 0.25);
      await store.decide([claim(limit(max, windowMs))]);
      if (step < steps / 2 || step % 23 !== 0) continue;
      const [key] = await keys();
      most = Math.max(most, Number(await space.client.memory('USAGE', key!, 'SAMPLES', 0)));
    }
    expect(most).toBeGreaterThan(1_000);
    expect(most).toBeLessThan(10_000);
  });

  it('stay under 10 KB when a limit that was small is raised, and forget nothing of it', async () => {
    const { store, moveTo, keys, space } = open();
    for (let call = 0; call < 1_000; call++) {
      moveTo(call * 10);
      await store.decide([claim(limit(1_000, 60_000))]);
    }
    for (let call = 0; call < 500; call++) {
      expect((await store.decide([claim(limit(1_500, 60_000))])).allowed).toBe(true);
    }
    expect((await store.decide([claim(limit(1_500, 60_000))])).allowed).toBe(false);
    const [key] = await keys();
    expect(Number(await space.client.memory('USAGE', key!, 'SAMPLES', 0))).toBeLessThan(10_000);
    moveTo(60_000 + 470);
    expect(await store.status([claim(limit(1_500, 60_000))])).toMatchObject([{ used: 1_453 }]);
  });

  it('leave no key that does not end by itself, and none that names a subject', async () => {
    const { store, keys, space } = open();
    const claims = [claim(limit(2, 10_000), '192.0.2.77'), claim(limit(5_000, 60_000), '192.0.2.77')];
    for (let call = 0; call < 4; call++) await store.decide(claims);
    await store.status(claims);
    const all = await keys();
    expect(all).toHaveLength(2);
    for (const key of all) {
      expect(key).toMatch(/^test-\w+:\{limits\}:client:\d+:[\w-]{22}$/);
      expect(await space.client.pttl(key)).toBeGreaterThan(0);
      expect(await space.client.pttl(key)).toBeLessThan(62_000);
    }
  });

  it('forget nothing when the clock of the server steps back', async () => {
    const { store, moveTo } = open();
    for (const max of [3, 3_000]) {
      const of = { ...limit(max, 10_000), id: `of-${max}` };
      moveTo(50_000);
      for (let call = 0; call < max; call++) await store.decide([claim(of)]);
      moveTo(20_000);
      expect((await store.decide([claim(of)])).allowed).toBe(false);
      moveTo(59_000);
      expect((await store.decide([claim(of)])).allowed).toBe(false);
      moveTo(60_100);
      expect((await store.decide([claim(of)])).allowed).toBe(true);
    }
  });

  it('are right across the day, nine years apart, when their times begin anew', async () => {
    const { space } = open();
    const turn = (7 * 2 ** 48) / 1000;
    let now = turn - 5_000;
    const store = new ValkeyThrottleStore({ connection: space, clock: () => now });
    const two = claim(limit(2, 10_000));
    const allowed: boolean[] = [];
    for (const after of [0, 4_000, 5_001, 9_999, 10_001, 10_002, 14_001]) {
      now = turn - 5_000 + after;
      allowed.push((await store.decide([two])).allowed);
    }
    expect(allowed).toEqual([true, true, false, false, true, false, true]);
  });

  it.each([
    { kind: 'exactly', max: 100 },
    { kind: 'in slots', max: 1_001 },
  ])('keep their counts, $kind, while the memory of the server is full', async ({ max }) => {
    const { store, space, moveTo } = open();
    const of = claim(limit(max, 1_280));
    const admitted = async (calls: number): Promise<number> => {
      let passed = 0;
      for (let call = 0; call < calls; call++) passed += Number((await store.decide([of])).allowed);
      return passed;
    };
    moveTo(0);
    expect(await admitted(40)).toBe(40);
    moveTo(640);
    expect(await admitted(max)).toBe(max - 40);
    moveTo(1_300); // The first forty have left.
    await space.client.config('SET', 'maxmemory', '1mb');
    // A script that has begun to write may go on (Redis), so that some may be decided all the same.
    const full = await Promise.allSettled(Array.from({ length: 3 }, () => store.decide([of])));
    await space.client.config('SET', 'maxmemory', '0');
    const refused = full.filter(({ status }) => status === 'rejected').length;
    expect(refused).toBeGreaterThan(0);
    expect(await admitted(max)).toBe(40 - (3 - refused));
  });

  it('survive a flushed script cache in the middle of calls', async () => {
    const { store, space } = open();
    const of = claim(limit(50, 60_000));
    const verdicts = Array.from({ length: 100 }, async (_, call) => {
      if (call % 10 === 0) await space.client.script('FLUSH');
      return store.decide([of]);
    });
    const allowed = (await Promise.all(verdicts)).filter((verdict) => verdict.allowed);
    expect(allowed).toHaveLength(50);
  });
});
