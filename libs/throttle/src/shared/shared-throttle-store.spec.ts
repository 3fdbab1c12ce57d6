import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openValkey, TcpProxy, ValkeyServer, type ValkeyOptions } from '#testing';
import type { Limit } from '../limit.ts';
import { MemoryThrottleStore } from '../memory/memory-throttle-store.ts';
import { ValkeyThrottleStore } from '../valkey/valkey-throttle-store.ts';
import { Replicas } from './replicas.ts';
import { SharedThrottleStore, type LimitTurn } from './shared-throttle-store.ts';

const WINDOW_MS = 60_000;
const limit = (max: number): Limit => ({ id: `client-${max}`, name: 'client', max, windowMs: WINDOW_MS });
const PASSWORD = 'correct-horse';

const warnings = vi.spyOn(Logger.prototype, 'warn');
vi.spyOn(Logger.prototype, 'log').mockImplementation(() => {});
beforeEach(() => void warnings.mockReset().mockImplementation(() => {}));

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function server(options?: ValkeyOptions): Promise<ValkeyServer> {
  const started = await ValkeyServer.start(options);
  cleanups.push(() => started.remove());
  return started;
}

/** One process's part, with the clock of its local limiter in the spec's hands. */
async function replica(url: string, { assumed = 1, env = {} }: { assumed?: number; env?: object } = {}) {
  let now = 0;
  const connection = await openValkey({
    VALKEY_URL: url,
    VALKEY_COMMAND_TIMEOUT_MS: '200',
    VALKEY_RETRY_MAX_MS: '100',
    ...env,
  });
  const replicas = new Replicas(connection, assumed);
  const store = new SharedThrottleStore({
    shared: new ValkeyThrottleStore({ connection }),
    local: new MemoryThrottleStore({ maxKeys: 1_000, clock: () => now }),
    connection,
    replicas,
  });
  const turns: LimitTurn[] = [];
  store.onTurn((turn) => turns.push(turn));
  const close = async () => {
    await store.close();
    connection.close();
  };
  cleanups.push(close);
  return {
    store,
    replicas,
    turns,
    close,
    passWindow: () => void (now += WINDOW_MS),
    admitted: async (calls: number, of: Limit): Promise<number> => {
      let passed = 0;
      for (let call = 0; call < calls; call++) {
        const verdict = await store.decide([{ limit: of, subject: 'alice' }]);
        passed += Number(verdict.allowed);
      }
      return passed;
    },
  };
}

describe('limits of several processes', () => {
  it('are one while Valkey is there, and shares of one when it dies: never nothing, and no second helping', async () => {
    const valkey = await server();
    const [a, b, c] = [await replica(valkey.url), await replica(valkey.url), await replica(valkey.url)];
    await expect
      .poll(() => [a.replicas.count, b.replicas.count, c.replicas.count], { timeout: 20_000 })
      .toEqual([3, 3, 3]);
    const ten = limit(10);
    expect([await a.admitted(5, ten), await b.admitted(20, ten), await c.admitted(5, ten)]).toEqual([
      5, 5, 0,
    ]);

    await valkey.kill();
    await expect.poll(() => [a, b, c].some(({ store }) => store.isShared)).toBe(false);
    expect([await a.admitted(9, ten), await b.admitted(9, ten), await c.admitted(9, ten)]).toEqual([0, 0, 4]);
    expect(await a.admitted(9, limit(1))).toBe(1);
    for (const one of [a, b, c]) one.passWindow();
    expect([await a.admitted(9, ten), await b.admitted(9, ten), await c.admitted(9, ten)]).toEqual([4, 4, 4]);

    await valkey.restart();
    await expect.poll(() => [a, b, c].every(({ store }) => store.isShared), { timeout: 20_000 }).toBe(true);
    expect([await a.admitted(5, ten), await b.admitted(20, ten)]).toEqual([5, 5]);
    expect(a.turns).toMatchObject([
      { shared: false, replicas: 3, reason: expect.any(String) as string },
      { shared: true, replicas: 3 },
    ]);
  });

  it('are decided without a promise while Valkey is away', async () => {
    const valkey = await server();
    const { store } = await replica(valkey.url);
    const claims = [{ limit: limit(10), subject: 'alice' }];
    expect(store.decide(claims)).toBeInstanceOf(Promise);
    await valkey.kill();
    await expect.poll(() => store.isShared).toBe(false);
    expect(store.decide(claims)).toMatchObject({ allowed: true });
  });

  it('are divided by fewer once a process has said goodbye', async () => {
    const valkey = await server();
    const [a, b] = [await replica(valkey.url), await replica(valkey.url)];
    await expect.poll(() => a.replicas.count, { timeout: 20_000 }).toBe(2);
    await b.close();
    await expect.poll(() => a.replicas.count, { timeout: 15_000 }).toBe(1);
  });

  it('need no more rights than the documents for operators say', async () => {
    const rights = '~gatehouse:* &gatehouse:* +@all -@admin -@dangerous +info';
    const valkey = await server({ users: [`gatehouse on >pw ${rights}`] });
    const { store, replicas, admitted } = await replica(`redis://gatehouse:pw@127.0.0.1:${valkey.port}`);
    await expect.poll(() => replicas.count).toBe(1);
    expect(await admitted(5, limit(3))).toBe(3);
    const claims = [{ limit: limit(3), subject: 'alice' }];
    await store.reset(claims);
    expect(await store.status(claims)).toMatchObject([{ used: 0 }]);
    expect(store.isShared).toBe(true);
    expect(warnings).not.toHaveBeenCalled();
  });

  it('are read and reset by an admin in either case', async () => {
    const valkey = await server();
    const { store, admitted } = await replica(valkey.url);
    const claims = [{ limit: limit(3), subject: 'alice' }];
    expect(await admitted(5, limit(3))).toBe(3);
    expect(await store.status(claims)).toMatchObject([{ used: 3 }]);
    await store.reset(claims);
    expect(await store.status(claims)).toEqual([{ used: 0, roomInMs: WINDOW_MS }]);
    expect(await admitted(2, limit(3))).toBe(2);
    await valkey.kill();
    expect(await store.status(claims)).toMatchObject([{ used: 2 }]);
    await store.reset(claims);
    expect(await admitted(5, limit(3))).toBe(3);
  });
});

/** Goes alone once it strikes and shares again once it is over, without a call that failed. */
async function expectSurvival(
  { store, admitted, turns }: Awaited<ReturnType<typeof replica>>,
  { strike, end }: { strike: () => unknown; end: () => unknown },
): Promise<void> {
  expect(await admitted(3, limit(1_000))).toBe(3);
  await strike();
  expect(await admitted(20, limit(1_000))).toBe(20);
  await expect.poll(() => store.isShared, { timeout: 20_000 }).toBe(false);
  expect(await admitted(20, limit(1_000))).toBe(20);
  await end();
  await expect.poll(() => store.isShared, { timeout: 8_000 }).toBe(true);
  expect(await admitted(3, limit(1_000))).toBe(3);
  expect(turns.map(({ shared }) => shared)).toEqual([false, true]);
  const lines = warnings.mock.calls.map(([line]) => String(line));
  expect(lines.filter((line) => line.startsWith('Rate limit check failed'))).toHaveLength(1);
}

describe('a fault of Valkey', () => {
  it('that kills it', async () => {
    const valkey = await server();
    await expectSurvival(await replica(valkey.url), {
      strike: () => valkey.kill(),
      end: () => valkey.restart(),
    });
  });

  it('that freezes it', async () => {
    const valkey = await server();
    await expectSurvival(await replica(valkey.url), {
      strike: () => valkey.freeze(),
      end: () => valkey.thaw(),
    });
  });

  it('that fills its memory', async () => {
    const valkey = await server({ maxmemoryPolicy: 'noeviction' });
    await expectSurvival(await replica(valkey.url), {
      strike: () => valkey.command('config', 'set', 'maxmemory', '1mb'),
      end: () => valkey.command('config', 'set', 'maxmemory', '0'),
    });
  });

  it('that takes away the right to run a script', async () => {
    const valkey = await server({ users: ['gate on >pw ~* &* +@all'] });
    await expectSurvival(await replica(`redis://gate:pw@127.0.0.1:${valkey.port}`), {
      strike: () => valkey.command('acl', 'setuser', 'gate', '-evalsha'),
      end: () => valkey.command('acl', 'setuser', 'gate', '+evalsha'),
    });
  });

  it.each([
    ['cuts the network', (proxy: TcpProxy) => proxy.cut()],
    ['makes it too slow', (proxy: TcpProxy) => proxy.delay(5_000)],
  ])('that %s', async (_, strike) => {
    const valkey = await server();
    const proxy = await TcpProxy.before(valkey.port);
    cleanups.push(() => proxy.close());
    await expectSurvival(await replica(`redis://127.0.0.1:${proxy.port}`), {
      strike: () => strike(proxy),
      end: () => proxy.mend(),
    });
  });

  it('that changes its password', async () => {
    const valkey = await server({ password: PASSWORD });
    await expectSurvival(await replica(valkey.url, { env: { VALKEY_PASSWORD: PASSWORD } }), {
      strike: () => valkey.restart({ password: 'another' }),
      end: () => valkey.restart({ password: PASSWORD }),
    });
  });

  it('that was there from the start leaves the share of the processes that are assumed', async () => {
    const valkey = await server({ password: PASSWORD });
    const one = await replica(valkey.url, { assumed: 4, env: { VALKEY_PASSWORD: 'wrong' } });
    expect(one.turns).toMatchObject([{ shared: false, replicas: 4 }]);
    expect(await one.admitted(9, limit(10))).toBe(3);
    await valkey.restart({ password: 'wrong' });
    await expect.poll(() => one.store.isShared, { timeout: 20_000 }).toBe(true);
    expect(await one.admitted(20, limit(10))).toBe(10);
  });
});
