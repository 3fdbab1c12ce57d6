import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useKeyspace } from '#testing';
import type { Limit, LimitClaim } from './limit.ts';
import { MemoryThrottleStore } from './memory/memory-throttle-store.ts';
import type { ThrottleStore } from './throttle-store.ts';
import { ValkeyThrottleStore } from './valkey/valkey-throttle-store.ts';

/** A store whose clock the spec moves, and in which nothing is counted yet. */
interface OpenStore {
  store: ThrottleStore;
  moveTo: (ms: number) => void;
}

const keyspace = useKeyspace();

const stores: { name: string; open: () => OpenStore; runs: number }[] = [
  {
    name: 'MemoryThrottleStore',
    open() {
      let now = 0;
      return {
        store: new MemoryThrottleStore({ maxKeys: 10_000, clock: () => now }),
        moveTo: (ms) => void (now = ms),
      };
    },
    runs: 100,
  },
  {
    name: 'ValkeyThrottleStore',
    open() {
      let now = 0;
      return {
        store: new ValkeyThrottleStore({ connection: keyspace(), clock: () => now }),
        moveTo: (ms) => void (now = ms),
      };
    },
    runs: 20, // Each step is a round trip.
  },
];

const limit = (name: string, max: number, windowMs: number): Limit => ({ id: name, name, max, windowMs });
const claim = (of: Limit, subject = 'alice'): LimitClaim => ({ limit: of, subject });

/** Arrivals that crowd together, and gaps as long as windows: both edges of a window are met. */
const arrivals = (windowMs: number, maxLength: number) =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: Math.ceil(windowMs / 40) }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 * windowMs }) },
        { weight: 2, arbitrary: fc.constantFrom(windowMs - 5, windowMs - 1, windowMs, windowMs + 1) },
      ),
      { minLength: 1, maxLength },
    )
    .map((gaps) => {
      let now = 0;
      return gaps.map((gap) => (now += gap));
    });

/** A sliding window, as the requirements put it: a call counts for as long as the window is. */
function admittedByModel(times: readonly number[], max: number, windowMs: number): number[] {
  const admitted: number[] = [];
  let oldest = 0;
  for (const now of times) {
    while (oldest < admitted.length && admitted[oldest]! <= now - windowMs) oldest++;
    if (admitted.length - oldest < max) admitted.push(now);
  }
  return admitted;
}

/** Whether no window holds more than `max` calls, wherever it begins: the call `max` places later lies outside. */
function keepsTo(max: number, windowMs: number, times: readonly number[]): boolean {
  return times.every((time, index) => (times[index + max] ?? Infinity) - time >= windowMs);
}

async function admittedBy(
  { store, moveTo }: OpenStore,
  times: readonly number[],
  of: Limit,
): Promise<number[]> {
  const admitted: number[] = [];
  for (const now of times) {
    moveTo(now);
    if ((await store.decide([claim(of)])).allowed) admitted.push(now);
  }
  return admitted;
}

describe.each(stores)('$name', ({ open, runs }) => {
  it('lets five of six pass in 10 s, and says when the sixth may come again', async () => {
    const { store, moveTo } = open();
    const five = limit('client', 5, 10_000);
    for (let call = 0; call < 5; call++) {
      moveTo(call * 100);
      expect(await store.decide([claim(five)])).toMatchObject({ allowed: true, remaining: 4 - call });
    }
    moveTo(500);
    const refused = await store.decide([claim(five)]);
    expect(refused).toEqual({ allowed: false, tightest: 0, remaining: 0, roomInMs: 9_500, exhausted: [0] });
    moveTo(500 + refused.roomInMs);
    expect((await store.decide([claim(five)])).allowed).toBe(true);
    expect((await store.decide([claim(five)])).allowed).toBe(false);
  });

  it('does not let 100 pass at 0:59 and 100 more at 1:01', async () => {
    const times = [...Array<number>(100).fill(59_000), ...Array<number>(100).fill(61_000)];
    expect(await admittedBy(open(), times, limit('client', 100, 60_000))).toHaveLength(100);
    const many = [...Array<number>(1_001).fill(59_000), ...Array<number>(1_001).fill(61_000)];
    expect(await admittedBy(open(), many, limit('large', 1_001, 60_000))).toHaveLength(1_001);
  });

  it('admits exactly what a sliding window admits, for limits up to 1,000', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), arrivals(1_000, 120), async (max, times) => {
        const admitted = await admittedBy(open(), times, limit('small', max, 1_000));
        expect(admitted).toEqual(admittedByModel(times, max, 1_000));
        expect(keepsTo(max, 1_000, admitted)).toBe(true);
      }),
      { numRuns: runs },
    );
  });

  it('admits exactly at times between the milliseconds too', async () => {
    const eighths = arrivals(1_000, 80).map((times) => times.map((time) => time / 8));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), eighths, async (max, times) => {
        const admitted = await admittedBy(open(), times, limit('small', max, 125));
        expect(admitted).toEqual(admittedByModel(times, max, 125));
      }),
      { numRuns: runs },
    );
  });

  it('counts a large limit in slots: never too much in any window, and 1/128 window too strict at most', async () => {
    const [max, windowMs] = [1_001, 1_280];
    // Each arrival is a burst, so that a thousand calls take few steps.
    const bursts = fc.tuple(
      arrivals(windowMs, 24),
      fc.array(fc.oneof(fc.constant(max), fc.integer({ min: 1, max: 400 })), { minLength: 24 }),
    );
    await fc.assert(
      fc.asyncProperty(bursts, async ([starts, sizes]) => {
        const times = starts.flatMap((start, index) => Array<number>(sizes[index]!).fill(start));
        const admitted = await admittedBy(open(), times, limit('large', max, windowMs));
        expect(keepsTo(max, windowMs, admitted)).toBe(true);
        const strict = admittedByModel(times, max, windowMs * (1 + 1 / 128));
        for (const time of new Set(times)) {
          const until = (list: readonly number[]) => list.findLastIndex((one) => one <= time);
          expect(until(admitted)).toBeGreaterThanOrEqual(until(strict));
        }
      }),
      { numRuns: Math.ceil(0.6 * runs) },
    );
  });

  it('counts a refused call against no limit', async () => {
    const limits = [limit('a', 3, 700), limit('b', 5, 1_900), limit('c', 7, 5_000)];
    const calls = fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 400 }),
        claims: fc.subarray(limits, { minLength: 1 }),
        subject: fc.constantFrom('alice', 'bob'),
      }),
      { maxLength: 150 },
    );
    await fc.assert(
      fc.asyncProperty(calls, async (sequence) => {
        const { store, moveTo } = open();
        const counted: { now: number; id: string; subject: string }[] = [];
        let now = 0;
        for (const { gap, claims, subject } of sequence) {
          moveTo((now += gap));
          const used = ({ id, windowMs }: Limit) =>
            counted.filter((one) => one.id === id && one.subject === subject && one.now > now - windowMs)
              .length;
          const full = claims.flatMap((of, index) => (used(of) >= of.max ? [index] : []));
          const verdict = await store.decide(claims.map((of) => claim(of, subject)));
          expect(verdict.allowed).toBe(full.length === 0);
          expect(verdict.exhausted).toEqual(full);
          if (verdict.allowed) counted.push(...claims.map(({ id }) => ({ now, id, subject })));
          const rooms = claims.map((of) => of.max - used(of));
          expect(verdict.remaining).toBe(Math.min(...rooms));
          expect(Math.max(0, rooms[verdict.tightest]!)).toBe(verdict.remaining);
        }
      }),
      { numRuns: runs },
    );
  });

  it('remembers a subject that is silent while others call', async () => {
    const of = limit('client', 2, 1_000);
    const calls = fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 300 }),
        subject: fc.constantFrom('alice', 'bob', 'bob', 'bob', 'carol', 'carol'),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(calls, async (sequence) => {
        const { store, moveTo } = open();
        const counted: { now: number; subject: string }[] = [];
        let now = 0;
        for (const { gap, subject } of sequence) {
          moveTo((now += gap));
          const used = counted.filter((one) => one.subject === subject && one.now > now - 1_000).length;
          const { allowed } = await store.decide([claim(of, subject)]);
          expect(allowed).toBe(used < 2);
          if (allowed) counted.push({ now, subject });
        }
      }),
      { numRuns: 3 * runs },
    );
  });

  it('makes a refused caller wait just as long as it must', async () => {
    const of = limit('client', 4, 1_000);
    await fc.assert(
      fc.asyncProperty(arrivals(1_000, 40), async (times) => {
        const opened = open();
        await admittedBy(opened, times, of);
        const last = times.at(-1)!;
        const verdict = await opened.store.decide([claim(of)]);
        if (verdict.allowed) return;
        opened.moveTo(last + verdict.roomInMs - 1);
        expect((await opened.store.decide([claim(of)])).allowed).toBe(false);
        opened.moveTo(last + verdict.roomInMs);
        expect((await opened.store.decide([claim(of)])).allowed).toBe(true);
      }),
      { numRuns: runs },
    );
  });

  it('reports the refusal that lasts longest, and all that refuse', async () => {
    const { store } = open();
    const claims = [
      claim(limit('minute', 1, 60_000)),
      claim(limit('free', 9, 1_000)),
      claim(limit('hour', 1, 3_600_000)),
    ];
    await store.decide(claims);
    expect(await store.decide(claims)).toEqual({
      allowed: false,
      tightest: 2,
      remaining: 0,
      roomInMs: 3_600_000,
      exhausted: [0, 2],
    });
  });

  it('tells of the longer window, where two limits leave equal room', async () => {
    const { store } = open();
    const claims = [
      claim(limit('minute', 3, 60_000)),
      claim(limit('hour', 3, 3_600_000)),
      claim(limit('other', 3, 9_000)),
    ];
    expect(await store.decide(claims)).toMatchObject({ tightest: 1, remaining: 2, roomInMs: 3_600_000 });
  });

  it('refuses everything where the limit is 0', async () => {
    const { store } = open();
    expect(await store.decide([claim(limit('none', 0, 5_000))])).toMatchObject({
      allowed: false,
      roomInMs: 5_000,
    });
  });

  it('keeps counting when a limit is tightened, and when it is relaxed', async () => {
    const { store, moveTo } = open();
    for (let call = 0; call < 4; call++) {
      moveTo(call * 100);
      await store.decide([claim(limit('client', 4, 1_000))]);
    }
    expect(await store.decide([claim(limit('client', 2, 1_000))])).toMatchObject({
      allowed: false,
      roomInMs: 900,
    });
    expect(await store.decide([claim(limit('client', 6, 1_000))])).toMatchObject({
      allowed: true,
      remaining: 1,
    });
  });

  it('tells how a subject stands without counting', async () => {
    const { store, moveTo } = open();
    const of = limit('client', 3, 10_000);
    expect(await store.status([claim(of)])).toEqual([{ used: 0, roomInMs: 10_000 }]);
    await store.decide([claim(of)]);
    moveTo(4_000);
    await store.decide([claim(of)]);
    const large = limit('large', 5_000, 128_000);
    await store.decide([claim(large)]);
    expect(await store.status([claim(of), claim(of, 'bob'), claim(large)])).toEqual([
      { used: 2, roomInMs: 6_000 },
      { used: 0, roomInMs: 10_000 },
      { used: 1, roomInMs: 129_000 },
    ]);
  });

  it('forgets one subject at once, and no other', async () => {
    const { store } = open();
    const of = limit('client', 1, 10_000);
    for (const subject of ['alice', 'bob']) await store.decide([claim(of, subject)]);
    await store.reset([claim(of)]);
    expect((await store.decide([claim(of)])).allowed).toBe(true);
    expect((await store.decide([claim(of, 'bob')])).allowed).toBe(false);
  });
});
