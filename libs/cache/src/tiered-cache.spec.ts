import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GatehouseError, NotFound } from '#errors';
import { useValkey } from '#testing';
import type { CacheOutcome } from './cache.ts';
import { openCache, type OpenCache } from './testing/open-cache.ts';
import type { TieredCache } from './tiered-cache.ts';

const debug = vi.spyOn(Logger.prototype, 'debug');
beforeEach(() => void debug.mockReset().mockImplementation(() => {}));
afterEach(() => void debug.mockReset());
const logged = () => debug.mock.calls.map(([line]) => (line as { msg: string }).msg);

/** A computation that counts, and ends when it is told to. */
function computation<T>(value: T) {
  const gate = Promise.withResolvers<void>();
  const compute = vi.fn<() => Promise<T>>(async () => {
    await gate.promise;
    return value;
  });
  return { compute, finish: gate.resolve, fail: gate.reject };
}

async function outcomes(cache: TieredCache, key: string, options = {}): Promise<CacheOutcome> {
  let told: CacheOutcome | undefined;
  await cache.getOrCompute(key, () => 1, { ...options, onOutcome: (outcome) => (told = outcome) });
  return told!;
}

describe.each(['memory', 'Valkey'] as const)('a cache in %s', (place) => {
  const valkey = place === 'Valkey' ? useValkey() : undefined;
  let open: OpenCache;
  let cache: TieredCache;
  let keys = 0;
  const fresh = () => `key ${++keys}`;

  async function another(env: Record<string, string> = {}): Promise<OpenCache> {
    return openCache({ ...(valkey && { VALKEY_URL: valkey().url }), ...env });
  }

  beforeEach(async () => {
    open = await another();
    cache = open.cache;
  });
  afterEach(async () => open[Symbol.asyncDispose]());

  it('computes once, and gives each caller a copy of its own', async () => {
    const key = fresh();
    const compute = vi.fn<() => { list: number[] }>(() => ({ list: [1] }));
    const first = await cache.getOrCompute(key, compute);
    first.list.push(2);
    expect(await cache.getOrCompute(key, compute)).toEqual({ list: [1] });
    expect(compute).toHaveBeenCalledTimes(1);
  });

  it.each([0, '', null, false, 'a\nb', { '': { π: '😀\n' } }, [[]]])('keeps %j as it is', async (value) => {
    const key = fresh();
    const compute = vi.fn<() => unknown>(() => value);
    for (let n = 0; n < 2; n++) expect(await cache.getOrCompute<unknown>(key, compute)).toEqual(value);
    expect(compute).toHaveBeenCalledTimes(1);
  });

  it('has a hundred callers wait for one, and says so', async () => {
    const key = fresh();
    const { compute, finish } = computation('value');
    const asked = Array.from({ length: 100 }, () => cache.getOrCompute(key, compute));
    await vi.waitFor(() => expect(compute).toHaveBeenCalled());
    finish();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['value']));
    expect(compute).toHaveBeenCalledTimes(1);
    for (const [message, times] of [
      ['Cache COMPUTE', 1],
      ['Cache COMPUTED', 1],
      ['Cache COALESCE', 99],
      ['Cache COALESCED', 99],
    ] as const)
      expect({ message, times: logged().filter((one) => one === message).length }).toEqual({
        message,
        times,
      });
    expect(JSON.stringify(debug.mock.calls)).not.toContain(key);
  });

  it('gives an error to all who wait, and keeps none', async () => {
    const key = fresh();
    const { compute, fail } = computation('never');
    const asked = Promise.allSettled(Array.from({ length: 20 }, () => cache.getOrCompute(key, compute)));
    await vi.waitFor(() => expect(compute).toHaveBeenCalled());
    fail(new Error('broken'));
    for (const end of await asked) expect(end).toMatchObject({ reason: { message: 'broken' } });
    expect(compute).toHaveBeenCalledTimes(1);
    expect(await cache.getOrCompute(key, () => 'mended')).toBe('mended');
  });

  it('keeps NotFound, where that is asked for, and no other error', async () => {
    const key = fresh();
    const missing = vi.fn<() => Promise<never>>(() => Promise.reject(new NotFound('No such thing')));
    const options = { notFoundTtl: 60 };
    for (let n = 0; n < 3; n++)
      await expect(cache.getOrCompute(key, missing, options)).rejects.toThrow(new NotFound('No such thing'));
    expect(missing).toHaveBeenCalledTimes(1);
    for (const thrown of [new GatehouseError('CONFLICT', 'No'), new Error('No'), new NotFound('No')]) {
      const other = fresh();
      const failing = vi.fn<() => Promise<never>>(() => Promise.reject(thrown));
      const given = thrown instanceof NotFound ? {} : options;
      for (let n = 0; n < 2; n++)
        await expect(cache.getOrCompute(other, failing, given)).rejects.toBe(thrown);
      expect(failing).toHaveBeenCalledTimes(2);
    }
  });

  it('ends a value with its time', async () => {
    const key = fresh();
    expect(await cache.getOrCompute(key, () => 'old', { ttl: 0.05 })).toBe('old');
    await delay(80);
    expect(await cache.getOrCompute(key, () => 'new', { ttl: 60 })).toBe('new');
  });

  it('gives out what is stale while one caller refreshes it', async () => {
    const key = fresh();
    const options = { ttl: 0.05, grace: 60 };
    await cache.getOrCompute(key, () => 'old', options);
    await delay(80);
    const { compute, finish } = computation('new');
    const asked = Array.from({ length: 20 }, () => cache.getOrCompute(key, compute, options));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['old']));
    await vi.waitFor(() => expect(compute).toHaveBeenCalledTimes(1));
    finish();
    await vi.waitFor(async () => expect(await cache.getOrCompute(key, compute, options)).toBe('new'));
    expect(compute.mock.calls.length).toBeLessThanOrEqual(2);
    expect(cache.figures().hits_stale).toBeGreaterThanOrEqual(20);
  });

  it('gives out what is stale while its refresh fails, and does not try each time', async () => {
    vi.spyOn(Logger.prototype, 'warn').mockImplementationOnce(() => {});
    const key = fresh();
    const options = { ttl: 0.05, grace: 60 };
    await cache.getOrCompute(key, () => 'old', options);
    await delay(80);
    const compute = vi.fn<() => Promise<string>>(() => Promise.reject(new Error('broken')));
    for (let n = 0; n < 20; n++) {
      expect(await cache.getOrCompute(key, compute, options)).toBe('old');
      await delay(1);
    }
    expect(compute).toHaveBeenCalledTimes(1);
  });

  it('does not keep what may not be kept, or is too large', async () => {
    await using small = await another({ CACHE_MAX_ENTRY_SIZE: '1024' });
    const key = fresh();
    const compute = vi.fn<() => string>(() => 'degraded');
    for (let n = 0; n < 2; n++) await cache.getOrCompute(key, compute, { keep: () => false });
    expect(compute).toHaveBeenCalledTimes(2);
    for (let n = 0; n < 2; n++) await small.cache.getOrCompute(fresh(), () => 'x'.repeat(1_100));
    expect(small.cache.figures()).toMatchObject({ too_large: 2, entries: 0 });
  });

  it('bounds its memory', async () => {
    await using small = await another({ CACHE_MEMORY_SIZE: String(2 ** 20) });
    for (let n = 0; n < 100; n++) await small.cache.getOrCompute(fresh(), () => 'x'.repeat(50_000));
    const { memory_bytes: bytes, evictions } = small.cache.figures();
    expect(bytes).toBeLessThanOrEqual(2 ** 20);
    expect(evictions).toBeGreaterThan(50);
  });

  it('tells a caller that waits too long, and lets the computation go on', async () => {
    await using hasty = await another({ CACHE_WAIT_MS: '50' });
    const key = fresh();
    const { compute, finish } = computation('late');
    const leader = hasty.cache.getOrCompute(key, compute);
    await vi.waitFor(() => expect(compute).toHaveBeenCalled());
    const waiting = Array.from({ length: 10 }, () => hasty.cache.getOrCompute(key, compute));
    for (const end of await Promise.allSettled(waiting))
      expect(end).toMatchObject({ reason: { code: 'TIMED_OUT' } });
    finish();
    expect(await leader).toBe('late');
    expect(await hasty.cache.getOrCompute(key, compute)).toBe('late');
    expect(compute).toHaveBeenCalledTimes(1);
    expect(hasty.cache.figures().timeouts).toBe(10);
  });

  it('has another caller compute where the first one has gone', async () => {
    const key = fresh();
    const gone = new AbortController();
    const compute = () =>
      new Promise<string>((_, reject) =>
        gone.signal.addEventListener('abort', () => reject(new Error('gone'))),
      );
    const leader = cache.getOrCompute(key, compute, { signal: gone.signal });
    const others = Array.from({ length: 5 }, () => cache.getOrCompute(key, () => 'theirs'));
    await delay(20);
    gone.abort();
    await expect(leader).rejects.toThrow('gone');
    expect(new Set(await Promise.all(others))).toEqual(new Set(['theirs']));
  });

  it('lets a caller go that no longer waits', async () => {
    const key = fresh();
    const { compute, finish } = computation('value');
    const leader = cache.getOrCompute(key, compute);
    const impatient = new AbortController();
    const waiting = cache.getOrCompute(key, compute, { signal: impatient.signal });
    impatient.abort(new Error('no time'));
    await expect(waiting).rejects.toThrow('no time');
    finish();
    expect(await leader).toBe('value');
  });

  describe('an invalidation', () => {
    it('of a key, a pattern, a tag or all ends what it fits, and nothing else', async () => {
      const kept = { 'research:web:1': ['web'], 'research:wiki:1': ['wiki', 'slow'], '[a]*?-b:1': ['web'] };
      const fill = async () => {
        for (const [key, tags] of Object.entries(kept)) await cache.getOrCompute(key, () => 1, { tags });
      };
      const left = async () => {
        const found: string[] = [];
        for (const [key, tags] of Object.entries(kept))
          if ((await outcomes(cache, key, { tags })) === 'hit') found.push(key);
        return found;
      };
      const all = Object.keys(kept);
      const cases: [() => Promise<unknown>, string[]][] = [
        [() => cache.invalidateKey('research:web:1'), all.slice(1)],
        [() => cache.invalidateKey('research:*'), all],
        [() => cache.invalidatePattern('research:*'), all.slice(2)],
        [() => cache.invalidatePattern('*:w?b:?'), all.slice(1)],
        [() => cache.invalidatePattern('[a]*?-b*'), all.slice(0, 2)],
        [() => cache.invalidateTags(['slow']), [all[0]!, all[2]!]],
        [() => cache.invalidateTags(['web']), [all[1]!]],
        [() => cache.invalidateAll(), []],
      ];
      for (const [invalidate, expected] of cases) {
        await fill();
        expect(await invalidate()).toEqual({ replicas: 'all' });
        expect(await left()).toEqual(expected);
      }
    });

    it.each([
      ['key', (key: string) => cache.invalidateKey(key)],
      ['pattern', () => cache.invalidatePattern('*')],
      ['tag', () => cache.invalidateTags(['tag'])],
      ['everything', () => cache.invalidateAll()],
    ])('(of a %s) leaves nothing of what is being computed meanwhile', async (_, invalidate) => {
      const key = fresh();
      const options = { tags: ['tag'] };
      const old = computation('old');
      const before = cache.getOrCompute(key, old.compute, options);
      await vi.waitFor(() => expect(old.compute).toHaveBeenCalled());
      await invalidate(key);
      expect(await cache.getOrCompute(key, () => 'new', options)).toBe('new');
      old.finish();
      expect(await before).toBe('old');
      expect(await cache.getOrCompute(key, () => 'newer', options)).toMatch(/^new/);
      expect(await cache.getOrCompute(key, () => 'newer', options)).toMatch(/^new/);
    });
  });
});
