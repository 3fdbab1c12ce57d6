import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TcpProxy, ValkeyServer, type ValkeyOptions } from '#testing';
import { openCache, type SEAL_KEY } from './testing/open-cache.ts';
import type { TieredCache } from './tiered-cache.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});
beforeEach(() => {
  for (const level of ['warn', 'debug', 'log'] as const)
    vi.spyOn(Logger.prototype, level).mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

async function server(options?: ValkeyOptions): Promise<ValkeyServer> {
  const started = await ValkeyServer.start(options);
  cleanups.push(() => started.remove());
  return started;
}

async function cacheAt(
  url: string,
  env: Record<string, string> = {},
  sealKey?: typeof SEAL_KEY,
): Promise<TieredCache> {
  const open = await openCache({ VALKEY_URL: url, ...env }, sealKey);
  cleanups.push(() => open[Symbol.asyncDispose]());
  return open.cache;
}

let values = 0;
const tags = ['tag'];
/** The value of a key: a new one where it is computed. */
const get = (cache: TieredCache, key = 'key', options = {}) =>
  cache.getOrCompute(key, () => ++values, { tags, ...options });

const entry = (key: string) => `gatehouse:cache:entry:${key}`;

/** Until a value that one keeps is found by the other. */
async function share(a: TieredCache, b: TieredCache): Promise<void> {
  let n = 0;
  const shared = async () => {
    const key = `probe ${++n} ${Math.random()}`;
    return (await get(a, key)) === (await get(b, key));
  };
  await expect.poll(shared, { timeout: 10_000 }).toBe(true);
}

describe('while Valkey is away', () => {
  it('memory is gone by for a short while, and an outage costs a call next to nothing', async () => {
    const valkey = await server();
    const cache = await cacheAt(valkey.url, { CACHE_AWAY_TTL: '1' });
    await expect.poll(() => valkey.command('pubsub', 'numsub', 'gatehouse:cache:news')).toContain(1);
    await delay(50); // Until it knows that it hears.
    const before = await get(cache);
    await valkey.kill();
    await expect.poll(() => cache.status).toBe('down');
    expect(await get(cache)).toBe(before);
    await delay(1_100);
    const after = await get(cache);
    expect(after).not.toBe(before);
    expect(await get(cache)).toBe(after);
    await delay(1_100);
    expect(await get(cache)).not.toBe(after);
  });

  it('what is invalidated by one is told to the others as soon as it is back', async () => {
    const valkey = await server();
    await using proxy = await TcpProxy.before(valkey.port);
    const cut = await cacheAt(`redis://127.0.0.1:${proxy.port}`);
    const other = await cacheAt(valkey.url);
    const fill = async () => {
      for (const key of ['a:1', 'a:2', 'b:1']) await get(other, key);
    };
    await fill();
    await share(cut, other);
    const before = { a1: await get(other, 'a:1'), b1: await get(other, 'b:1') };
    proxy.cut();
    await expect.poll(() => cut.status).toBe('down');
    expect(await cut.invalidatePattern('a:*')).toEqual({ replicas: 'this' });
    expect(await cut.invalidateTags(['other tag'])).toEqual({ replicas: 'this' });
    const own = await get(cut, 'a:1');
    expect(own).not.toBe(before.a1);
    expect(await get(other, 'a:1')).toBe(before.a1);
    proxy.mend();
    await expect.poll(() => get(other, 'a:1'), { timeout: 10_000 }).not.toBe(before.a1);
    await share(cut, other);
    expect(await get(cut, 'a:1')).toBe(await get(other, 'a:1'));
    expect(await get(other, 'b:1')).toBe(before.b1);
    expect(await cut.invalidateKey('b:1')).toEqual({ replicas: 'all' });
  });

  it('is found as it was left, where it comes back empty', async () => {
    const valkey = await server();
    const [a, b] = [await cacheAt(valkey.url), await cacheAt(valkey.url)];
    await share(a, b);
    const before = await get(a);
    await valkey.kill();
    await valkey.restart();
    await share(a, b);
    const after = await get(b);
    expect(await get(a)).toBe(after);
    expect(after).not.toBe(before);
  });

  it('in the middle of a computation, it is answered all the same', async () => {
    const valkey = await server();
    const cache = await cacheAt(valkey.url);
    const asked = cache.getOrCompute('key', async () => {
      await valkey.kill();
      return 'answer';
    });
    expect(await asked).toBe('answer');
  });
});

describe('a server that is full', () => {
  it('stores nothing more, and keeps nobody from an answer or an invalidation', async () => {
    const valkey = await server({ maxmemory: '3mb', maxmemoryPolicy: 'noeviction' });
    const [a, b] = [await cacheAt(valkey.url), await cacheAt(valkey.url)];
    await share(a, b);
    const before = await get(a);
    expect(await get(b)).toBe(before);
    for (let n = 0; ; n++) {
      const stored = await valkey.command('set', `filler:${n}`, 'x'.repeat(100_000)).catch(() => undefined);
      if (stored === undefined) break;
    }
    await valkey.command('config', 'set', 'maxmemory', '1mb');
    expect(await get(a, 'another')).toBe(await get(a, 'another'));
    expect(await a.invalidateTags(tags)).toEqual({ replicas: 'all' });
    expect(await get(a)).not.toBe(before);
    await expect.poll(() => get(b)).not.toBe(before);
    expect(a.figures().valkey_failures).toBeGreaterThan(0);
    await valkey.command('config', 'set', 'maxmemory', '0');
    await share(a, b);
  });

  it('that evicts the oldest, brings nothing back that was invalidated', async () => {
    const valkey = await server();
    const [a, b] = [await cacheAt(valkey.url), await cacheAt(valkey.url)];
    await share(a, b);
    const before = await get(a);
    await a.invalidateTags(tags);
    for (const key of (await valkey.command('keys', '*:generation:*')) as string[])
      await valkey.command('del', key);
    expect(await get(await cacheAt(valkey.url))).not.toBe(before);
  });
});

describe('somebody who can write in Valkey', () => {
  it('can neither make an entry, nor move one, nor stop the cache', async () => {
    const valkey = await server();
    const one = await cacheAt(valkey.url);
    const mine = await get(one, 'mine');
    await get(one, 'theirs');
    await valkey.command('copy', entry('theirs'), entry('mine'), 'replace');
    await valkey.command('set', entry('made'), 'made up');
    await valkey.command('rpush', entry('list'), 'a', 'b');
    await valkey.command('rpush', 'gatehouse:cache:lease:leased', 'a');
    for (const message of ['', '{', '[]', '{"keys":[1]}', '{"type":"set","keys":["mine"]}', 'null'])
      await valkey.command('publish', 'gatehouse:cache:news', message);
    const two = await cacheAt(valkey.url);
    const found = await get(two, 'mine');
    expect(found).toBeGreaterThan(mine);
    expect(two.figures().unsealed).toBeGreaterThan(0);
    for (const key of ['made', 'list', 'leased']) expect(await get(two, key)).toBe(await get(two, key));
    expect(await get(await cacheAt(valkey.url), 'mine')).toBe(found);
  });

  it('with another secret has a cache of its own', async () => {
    const valkey = await server();
    const [ours, theirs] = [await cacheAt(valkey.url), await cacheAt(valkey.url, {}, Buffer.alloc(32, 9))];
    const value = await get(ours);
    expect(await get(theirs)).not.toBe(value);
  });
});
