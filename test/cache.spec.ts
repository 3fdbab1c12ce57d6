import { Injectable, Module } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { Cached } from '#cache';
import { Tool } from '#mcp';
import { databases, ValkeyServer, type DatabaseKind, type ValkeyOptions } from '#testing';
import { bootGateway, type TestGateway } from './support/gateway.ts';
import { LEGACY } from './support/gateway-client.ts';

const [embedded, postgresql] = databases as [DatabaseKind, DatabaseKind];
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

let runs = 0;

@Injectable()
class Clock {
  @Tool({ name: 'tick', description: 'Counts.', permission: 'tools:call' })
  @Cached({ ttl: 60 })
  tick() {
    return { n: ++runs };
  }
}
@Module({ providers: [Clock] })
class ClockModule {}

async function valkeyServer(options?: ValkeyOptions): Promise<ValkeyServer> {
  const server = await ValkeyServer.start(options);
  cleanups.push(() => server.remove());
  return server;
}

async function boot(env: Record<string, string> = {}, kind = embedded): Promise<TestGateway> {
  const gateway = await bootGateway(kind, {
    env: { VALKEY_RETRY_MAX_MS: '100', RATE_LIMIT_ENABLED: 'false', ...env },
    features: [ClockModule],
  });
  cleanups.push(() => gateway.close());
  return gateway;
}

/** Replicas on one database. */
async function replicas(count: number, env: Record<string, string>): Promise<TestGateway[]> {
  const database = await postgresql.create();
  cleanups.push(() => database.remove());
  const first = { ...database, remove: async () => undefined };
  const pepper = { API_KEY_PEPPER: 'the-same-on-all-replicas-0123456789abcdef' };
  const started: TestGateway[] = [];
  for (let n = 0; n < count; n++) {
    const scratch = await embedded.create();
    cleanups.push(() => scratch.remove());
    const own = { ...first, env: { ...first.env, DATA_DIR: scratch.env['DATA_DIR']! } };
    started.push(await boot({ ...env, ...pepper }, { name: 'PostgreSQL', create: async () => own }));
  }
  return started;
}

const ingest = ({ client }: TestGateway, id: string, content: string) =>
  client.rest('/conversations/ingest', { body: { conversation_id: id, content } });

/** Ids of the conversations that a search finds, and whether it was answered from the cache. */
async function search(gateway: TestGateway, query: string, key?: string) {
  const answer = await gateway.client.rest('/search', { key, body: { query } });
  expect(answer.status).toBe(200);
  const { results } = answer.body as { results: { conversation_id: string }[] };
  const record = await gateway.recordOf(answer);
  return {
    found: results.map(({ conversation_id: id }) => id),
    cache: (record?.['notes'] as { cache?: string } | undefined)?.cache,
  };
}

const tick = async ({ client }: TestGateway, key?: string) => {
  const { body } = await client.tool('tick', {}, { key });
  return (body as { result: { structuredContent: { n: number } } }).result.structuredContent.n;
};

describe('a search', () => {
  it('is found again by its caller alone, and anew once a conversation has changed', async () => {
    const gateway = await boot();
    const other = await gateway.createKey();
    await ingest(gateway, 'c-1', 'A parcel from Porto');
    expect(await search(gateway, 'parcel')).toEqual({ found: ['c-1'], cache: 'computed' });
    expect(await search(gateway, 'parcel')).toEqual({ found: ['c-1'], cache: 'hit' });
    expect(await search(gateway, 'parcel', other)).toEqual({ found: ['c-1'], cache: 'computed' });
    await ingest(gateway, 'c-2', 'Another parcel from Porto');
    expect((await search(gateway, 'parcel')).found.toSorted()).toEqual(['c-1', 'c-2']);
    await gateway.client.rest('/conversations/c-1', { method: 'DELETE' });
    expect(await search(gateway, 'parcel')).toEqual({ found: ['c-2'], cache: 'computed' });
    expect(await search(gateway, 'parcel', other)).toEqual({ found: ['c-2'], cache: 'computed' });
  });

  it(
    'never finds what was deleted, at whichever replica, with Valkey or without',
    { timeout: 120_000 },
    async () => {
      const valkey = await valkeyServer();
      const [a, b] = (await replicas(2, { VALKEY_URL: valkey.url })) as [TestGateway, TestGateway];
      let hits = 0;
      const until = { over: false };
      const searching = [a, b].map(async (gateway) => {
        while (!until.over) hits += Number((await search(gateway, 'parcel')).cache === 'hit');
      });
      for (let n = 0; n < 30; n++) {
        const id = `c-${n}`;
        await ingest(n % 2 ? a : b, id, `A parcel, number ${n}`);
        for (const gateway of [a, b]) expect((await search(gateway, 'parcel')).found).toContain(id);
        if (n === 15) await valkey.kill();
        await (n % 3 ? a : b).client.rest(`/conversations/${id}`, { method: 'DELETE' });
        for (const gateway of [b, a]) expect((await search(gateway, 'parcel')).found).not.toContain(id);
      }
      until.over = true;
      await Promise.all(searching);
      expect(hits).toBeGreaterThan(10);
    },
  );
});

describe('a tool that is cached', () => {
  it('answers no session of somebody else', async () => {
    const gateway = await boot();
    const opened = await gateway.client.rpc(
      'initialize',
      { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 'test', version: '1' } },
      { revision: LEGACY },
    );
    const session = { 'mcp-session-id': opened.headers.get('mcp-session-id')! };
    const call = (key?: string) =>
      gateway.client.tool('tick', {}, { key, revision: LEGACY, headers: session });
    expect((await call()).status).toBe(200);
    expect((await call()).status).toBe(200);
    const stranger = await gateway.createKey();
    await tick(gateway, stranger);
    expect(await call(stranger)).toMatchObject({
      status: 404,
      body: { error: { data: { code: 'SESSION_NOT_FOUND' } } },
    });
  });

  it('is shared by replicas, and invalidated in all of them by an administrator', async () => {
    const valkey = await valkeyServer();
    const [a, b] = (await replicas(2, { VALKEY_URL: valkey.url })) as [TestGateway, TestGateway];
    const n = await tick(a);
    expect([await tick(b), await tick(a), await tick(b)]).toEqual([n, n, n]);
    const employee = await a.createKey({ role: 'employee' });
    for (const path of ['/cache', '/cache/key', '/cache?pattern=call:tick:*']) {
      const refused = await a.managementClient.rest(path, { method: 'DELETE', key: employee });
      expect(refused.status).toBe(403);
    }
    let last = n;
    for (const path of ['/cache?pattern=call:tick:*', '/cache']) {
      const done = await a.managementClient.rest(path, { method: 'DELETE' });
      expect(done).toMatchObject({ status: 200, body: { replicas: 'all' } });
      expect(await a.recordOf(done)).toMatchObject({ event: 'cache_invalidated', result: 'allowed' });
      await expect.poll(() => tick(b)).toBeGreaterThan(last);
      last = await tick(b);
      expect(await tick(a)).toBe(last);
    }
    const bad = ['/cache?patern=a', '/cache?pattern=a&tag=b', '/cache?tag=*', '/cache?pattern='];
    for (const path of bad) {
      const { status } = await a.managementClient.rest(path, { method: 'DELETE' });
      expect({ path, status }).toEqual({ path, status: 400 });
    }
    expect(await tick(a)).toBe(last);
  });

  it('holds nothing that can be read in Valkey', async () => {
    const valkey = await valkeyServer();
    const gateway = await boot({ VALKEY_URL: valkey.url });
    await ingest(gateway, 'c-1', 'A parcel for Mrs Example');
    await search(gateway, 'parcel example');
    const keys = (await valkey.command('keys', '*:cache:*')) as string[];
    expect(keys.filter((key) => key.includes(':entry:'))).toHaveLength(1);
    for (const key of keys) {
      expect(key).not.toMatch(/parcel/i);
      expect(await valkey.command('get', key)).not.toMatch(/parcel|example/i);
      expect(await valkey.command('pttl', key)).toBeGreaterThan(0);
    }
  });

  it('is not cached at all with ENABLE_CACHE=false', async () => {
    const gateway = await boot({ ENABLE_CACHE: 'false' });
    const n = await tick(gateway);
    expect(await tick(gateway)).toBe(n + 1);
    expect((await gateway.client.rest('/health')).body).toEqual({
      status: 'ok',
      cache: { status: 'disabled' },
    });
  });
});

describe('the cache, as operators see it', () => {
  it('beside Valkey', async () => {
    const valkey = await valkeyServer({ maxmemory: '64mb' });
    const gateway = await boot({ VALKEY_URL: valkey.url });
    for (let n = 0; n < 4; n++) await tick(gateway);
    const { managementClient } = gateway;
    expect((await gateway.client.rest('/health')).body).toEqual({ status: 'ok', cache: { status: 'up' } });
    expect((await managementClient.rest('/cache/health')).body).toEqual({
      status: 'up',
      latency_ms: expect.any(Number) as number,
      connected_clients: expect.any(Number) as number,
      memory_used: expect.any(Number) as number,
      memory_limit: 64 * 2 ** 20,
      hit_rate: 0.75,
      evictions: 0,
      version: expect.stringMatching(/^\d/) as string,
    });
    expect((await managementClient.rest('/cache/metrics')).body).toMatchObject({
      hits_memory: 3,
      misses: 1,
      computations: 1,
      entries: 1,
    });
    expect((await managementClient.rest('/performance/report')).body).toMatchObject({
      cache: { status: 'up', figures: { misses: 1 } },
      throttle: { divided: false },
      latency: { p50_ms: expect.any(Number) as number, operations: expect.any(Array) as unknown[] },
    });
    const metrics = String((await managementClient.rest('/metrics')).body);
    for (const line of [
      'gatehouse_rag_cache_hits_total 3',
      'gatehouse_rag_cache_misses_total 1',
      'gatehouse_cache_hits_total{from="memory"} 3',
      'gatehouse_cache_up 1',
      `gatehouse_cache_server_memory_limit_bytes ${64 * 2 ** 20}`,
    ])
      expect(metrics.split('\n')).toContain(line);
  });

  it('beside one that refuses their password, until the cause is gone', async () => {
    const valkey = await valkeyServer({ password: 'right-password' });
    const gateway = await boot({ VALKEY_URL: valkey.url, VALKEY_PASSWORD: 'other-password' });
    const n = await tick(gateway);
    expect(await tick(gateway)).toBe(n);
    expect((await gateway.client.rest('/health')).body).toMatchObject({ cache: { status: 'down' } });
    expect((await gateway.managementClient.rest('/cache/health')).body).toMatchObject({
      status: 'down',
      reason: expect.stringContaining('WRONGPASS') as string,
    });
    expect(String((await gateway.managementClient.rest('/metrics')).body)).toMatch(
      /gatehouse_cache_authentication_failures_total [1-9]/,
    );
    const done = await gateway.managementClient.rest('/cache', { method: 'DELETE' });
    expect(done).toMatchObject({ status: 200, body: { replicas: 'this' } });
    expect(await tick(gateway)).toBe(n + 1);
    await valkey.restart({ password: 'other-password' });
    const status = async () =>
      ((await gateway.client.rest('/health')).body as { cache: { status: string } }).cache.status;
    await expect.poll(status, { timeout: 20_000 }).toBe('up');
    await expect
      .poll(
        async () => {
          await gateway.client.tool('tick', {}, { key: await gateway.createKey() });
          return (await valkey.command('keys', '*:cache:entry:*')) as string[];
        },
        { timeout: 20_000 },
      )
      .not.toEqual([]);
  });
});
