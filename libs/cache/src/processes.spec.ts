import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { useValkey, ValkeyServer } from '#testing';
import { CacheProcess } from './testing/cache-process.ts';
import type { Asked } from './testing/cache-program.ts';

const running: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function start(count: number, url: string, env: Record<string, string> = {}): Promise<CacheProcess[]> {
  const started = await Promise.all(
    Array.from({ length: count }, () => CacheProcess.start({ VALKEY_URL: url, ...env })),
  );
  running.push(...started);
  return started;
}

const sum = (asked: readonly Asked[]) => asked.reduce((total, { computations }) => total + computations, 0);

describe('several processes beside one Valkey', () => {
  const valkey = useValkey();

  it('make one computation of a thousand misses in four of them', async () => {
    const processes = await start(4, valkey().url);
    const asking = { key: 'popular', callers: 250, computeMs: 300 };
    const asked = await Promise.all(processes.map((one) => one.order('ask', asking)));
    expect(sum(asked)).toBe(1);
    expect(asked.flatMap(({ errors }) => errors)).toEqual([]);
    expect(new Set(asked.flatMap(({ values }) => values)).size).toBe(1);
    // Nobody waited long after it was there: with the news of it, not by looking now and then.
    const figures = await Promise.all(processes.map((one) => one.order('figures', {})));
    expect(figures.reduce((total, { misses }) => total + misses, 0)).toBe(1_000);
    expect(figures.reduce((total, { coalesced }) => total + coalesced, 0)).toBe(999);
  });

  it('make twenty computations in twenty rounds of three with fifty callers each', async () => {
    const processes = await start(3, valkey().url);
    let computations = 0;
    for (let round = 0; round < 20; round++) {
      const asking = { key: `round ${round}`, callers: 50, computeMs: 15 };
      const asked = await Promise.all(processes.map((one) => one.order('ask', asking)));
      computations += sum(asked);
      expect(new Set(asked.flatMap(({ values }) => values)).size).toBe(1);
    }
    expect(computations).toBe(20);
  });

  it('make one computation more where the first is killed with its process', async () => {
    const [leader, ...others] = await start(4, valkey().url, { CACHE_LEASE_MS: '500' });
    const lost = leader!.order('ask', { key: 'crashed', callers: 1, computeMs: 60_000 });
    const leases = async () => valkey().command('keys', '*:cache:lease:crashed');
    await expect.poll(leases).toHaveLength(1);
    const asking = { key: 'crashed', callers: 50, computeMs: 50 };
    const waiting = Promise.all(others.map((one) => one.order('ask', asking)));
    await delay(100);
    const [end] = await Promise.all([lost.catch((error: Error) => error.message), leader!.kill()]);
    expect(end).toContain('It ended');
    const asked = await waiting;
    expect(sum(asked)).toBe(1);
    expect(new Set(asked.flatMap(({ values }) => values)).size).toBe(1);
  });

  it('time out behind a slow one, and do not compute it too', async () => {
    const env = { CACHE_LEASE_MS: '300', CACHE_WAIT_MS: '600' };
    const [leader, ...others] = await start(4, valkey().url, env);
    const asking = { key: 'slow', callers: 50, computeMs: 2_500 };
    const slow = leader!.order('ask', { ...asking, callers: 1 });
    await expect.poll(async () => valkey().command('keys', '*:cache:lease:slow')).toHaveLength(1);
    const asked = await Promise.all(others.map((one) => one.order('ask', asking)));
    expect(asked).toEqual(others.map(() => ({ values: [], errors: ['TIMED_OUT'], computations: 0 })));
    const { values } = await slow;
    expect(await others[0]!.order('ask', asking)).toEqual({ values, errors: [], computations: 0 });
  });

  it.each([
    ['key', { key: 'void:1' }],
    ['pattern', { pattern: 'void:*' }],
    ['tag', { tag: 'void' }],
    ['everything', {}],
  ])('hear each other: %s', async (_, invalidation) => {
    const [one, other] = await start(2, valkey().url);
    const asking = { key: 'void:1', callers: 1, computeMs: 1, tags: ['void'] };
    const asked = (of: CacheProcess | undefined) => of!.order('ask', asking);
    const before = await asked(one);
    await expect.poll(async () => (await asked(other)).computations).toBe(0);
    expect(await one!.order('invalidate', invalidation)).toEqual({ replicas: 'all' });
    // Its news is on its way to the other's memory.
    await expect.poll(async () => (await asked(other)).values).not.toEqual(before.values);
    const after = await asked(other);
    expect((await asked(one)).values).toEqual(after.values);
  });

  it('still agree once the scripts of the server are gone', async () => {
    const processes = await start(3, valkey().url);
    const asked = (key: string) => Promise.all(processes.map((one) => ask(one, key)));
    expect(sum(await asked('before the flush'))).toBe(1);
    await valkey().command('script', 'flush');
    expect(sum(await asked('after the flush'))).toBe(1);
  });
});

function ask(of: CacheProcess | undefined, key: string): Promise<Asked> {
  return of!.order('ask', { key, callers: 20, computeMs: 10 });
}

describe('a process beside a Valkey that freezes', () => {
  it('goes on by itself, and shares again when it thaws', { timeout: 60_000 }, async () => {
    await using valkey = await ValkeyServer.start();
    const [one, other] = await start(2, valkey.url);
    expect(sum([await ask(one, 'warm'), await ask(other, 'warm')])).toBe(1);
    valkey.freeze();
    const alone = await Promise.all([ask(one, 'frozen'), ask(other, 'frozen')]);
    expect(alone.map(({ computations, errors }) => ({ computations, errors }))).toEqual([
      { computations: 1, errors: [] },
      { computations: 1, errors: [] },
    ]);
    valkey.thaw();
    let round = 0;
    const shared = async () => {
      round++;
      return sum(await Promise.all([ask(one, `thawed ${round}`), ask(other, `thawed ${round}`)]));
    };
    await expect.poll(shared, { timeout: 10_000 }).toBe(1);
  });
});
