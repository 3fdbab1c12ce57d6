import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import { openValkey, useKeyspace, ValkeyServer } from '#testing';
import type { Keyspace } from '#valkey';
import type { AuthenticationBudget } from './authentication-budget.ts';
import { identityConfig } from './identity.config.ts';
import { MemoryAuthenticationBudget } from './memory-authentication-budget.ts';
import { ValkeyAuthenticationBudget } from './valkey-authentication-budget.ts';

const WINDOW_MS = 10_000;
const configOf = (max: number, windowMs = WINDOW_MS) =>
  readConfig(identityConfig, {
    AUTH_FAILURES_MAX: String(max),
    AUTH_FAILURES_WINDOW: String(windowMs / 1000),
  });
const inMemory = (max: number) => new MemoryAuthenticationBudget(configOf(max));
const inValkey = (keyspace: Keyspace, max: number, windowMs?: number) => {
  const config = configOf(max, windowMs);
  return new ValkeyAuthenticationBudget({ keyspace, local: new MemoryAuthenticationBudget(config), config });
};

const keyspace = useKeyspace();
const budgets: { name: string; open: (max: number) => AuthenticationBudget }[] = [
  { name: 'MemoryAuthenticationBudget', open: inMemory },
  { name: 'ValkeyAuthenticationBudget', open: (max) => inValkey(keyspace(), max) },
];

describe.each(budgets)('$name', ({ open }) => {
  it('allows as many failures as the setting says, and says until when no more', async () => {
    const budget = open(3);
    for (let failure = 0; failure < 3; failure++) expect(await budget.take('192.0.2.1')).toBeUndefined();
    const { limit, resetAt } = (await budget.take('192.0.2.1'))!;
    expect(limit).toBe(3);
    expect(resetAt).toBeGreaterThan(Date.now() + WINDOW_MS / 2);
    expect(resetAt).toBeLessThanOrEqual(Date.now() + WINDOW_MS);
    expect(await budget.take('192.0.2.2')).toBeUndefined();
  });

  it('gives back, and never more than was spent', async () => {
    const budget = open(1);
    budget.refund('192.0.2.1');
    expect(await budget.take('192.0.2.1')).toBeUndefined();
    budget.refund('192.0.2.1');
    budget.refund('192.0.2.1');
    expect(await budget.take('192.0.2.1')).toBeUndefined();
    expect(await budget.take('192.0.2.1')).toBeDefined();
  });

  it('allows no more when many come at once', async () => {
    const budget = open(10);
    const taken = await Promise.all(Array.from({ length: 50 }, async () => budget.take('192.0.2.1')));
    expect(taken.filter((one) => one === undefined)).toHaveLength(10);
  });

  it('counts a whole /64 as one, since anyone in it may move freely', async () => {
    const budget = open(3);
    for (const host of ['1', '2', 'ffff:1']) await budget.take(`2001:db8::${host}`);
    expect(await budget.take('2001:db8::abcd')).toBeDefined();
    expect(await budget.take('2001:db8:0:1::1')).toBeUndefined();
  });
});

describe('MemoryAuthenticationBudget', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('begins anew when the window ends', () => {
    const budget = inMemory(1);
    budget.take('192.0.2.1');
    vi.advanceTimersByTime(9_999);
    expect(budget.take('192.0.2.1')).toEqual({ limit: 1, resetAt: 1_010_000 });
    vi.advanceTimersByTime(1);
    expect(budget.take('192.0.2.1')).toBeUndefined();
    expect(budget.take('192.0.2.1')).toEqual({ limit: 1, resetAt: 1_020_000 });
  });

  it('keeps a bounded number of networks', () => {
    const budget = inMemory(3);
    for (let n = 0; n < 120_000; n++) budget.take(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(budget.size).toBeLessThan(50_000);
  });
});

describe('ValkeyAuthenticationBudget', () => {
  it('is one for all processes, and begins anew when the window ends', async () => {
    const space = keyspace();
    const [a, b] = [inValkey(space, 3, 2_000), inValkey(space, 3, 2_000)];
    const taken = [await a.take('192.0.2.1'), await b.take('192.0.2.1'), await a.take('192.0.2.1')];
    expect(taken).toEqual([undefined, undefined, undefined]);
    expect(await b.take('192.0.2.1')).toBeDefined();
    a.refund('192.0.2.1');
    await expect.poll(() => b.take('192.0.2.1')).toBeUndefined();
    expect(await a.take('192.0.2.1')).toBeDefined();
    const [key] = await space.client.keys(`${space.namespace}:*`);
    expect(key).not.toContain('192.0.2');
    await delay(2_050);
    expect(await b.take('192.0.2.1')).toBeUndefined();
  });

  it('is that of one process while Valkey is away, with what it has seen', async () => {
    await using server = await ValkeyServer.start();
    const connection = await openValkey({ VALKEY_URL: server.url });
    const budget = inValkey(connection, 3);
    await budget.take('192.0.2.1');
    await server.kill();
    expect(await budget.take('192.0.2.1')).toBeUndefined();
    expect(await budget.take('192.0.2.1')).toBeUndefined();
    expect(await budget.take('192.0.2.1')).toMatchObject({ limit: 3 });
    connection.close();
  });
});
