import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { Call, type Tier } from '#call';
import { ConfigModule, type Environment } from '#config';
import { LimitPlans } from '../plan/limit-plans.ts';
import { ThrottleModule } from '../throttle.module.ts';
import { ThrottleStore } from '../throttle-store.ts';
import { ClientLimits } from './client-limits.service.ts';
import { LimitsController } from './limits.controller.ts';

interface Caller {
  id?: string;
  tier?: Tier;
  address?: string;
}

async function open(env: Environment = {}) {
  const module = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(env), ThrottleModule],
  }).compile();
  await module.init();
  const [plans, store] = [module.get(LimitPlans), module.get(ThrottleStore)];

  /** How many of so many calls of the operation `limits.read` pass. */
  async function admitted(times: number, { id, tier, address = '192.0.2.1' }: Caller): Promise<number> {
    const call = new Call({ door: 'rest', address, authorization: undefined });
    if (id) call.principal = { id, name: 'spec', role: 'admin', tier, keyId: 'key' };
    const read = Object.getOwnPropertyDescriptor(LimitsController.prototype, 'read')!.value as () => void;
    const plan = plans.of(new ExecutionContextHost([], LimitsController, read));
    let passed = 0;
    for (let n = 0; n < times; n++) {
      passed += Number((await store.decide(plan === 'skip' ? [] : plans.claim(plan, call))).allowed);
    }
    return passed;
  }
  return { limits: module.get(ClientLimits), admitted };
}

describe("a client's limits, as an admin sees them", () => {
  it('are its tightest, and each that it has used', async () => {
    const { limits, admitted } = await open({ RATE_LIMIT_OPERATIONS: 'limits.read=3/60' });
    await admitted(2, { id: 'a', tier: 'basic' });
    const status = { requests_made: 2, window_seconds: 60, reset: expect.any(Number) as number };
    const tightest = { ...status, name: 'operation:limits.read', limit: 3, remaining: 1 };
    const { limits: all, ...seen } = await limits.read('a');
    expect(seen).toEqual({ client: 'a', ...tightest });
    expect(all.toSorted((a, b) => a.remaining - b.remaining)).toEqual([
      tightest,
      { ...status, name: 'tier-minute:basic', limit: 100, remaining: 98 },
      { ...status, name: 'tier-hour:basic', limit: 1_000, remaining: 998, window_seconds: 3_600 },
    ]);
    expect(seen.reset).toBeGreaterThan(Date.now() / 1000 + 55);
  });

  it('show the one that lasts longest, where two are used up', async () => {
    const { limits, admitted } = await open({ RATE_LIMIT_TIERS: 'free=2/2' });
    await admitted(2, { id: 'a', tier: 'free' });
    expect(await limits.read('a')).toMatchObject({
      name: 'tier-hour:free',
      remaining: 0,
      window_seconds: 3_600,
    });
  });

  it('are the client default where nothing was counted', async () => {
    const { limits } = await open({ RATE_LIMIT_CLIENT_MAX: '9', RATE_LIMIT_WINDOW_MS: '1500' });
    expect(await limits.read('nobody')).toEqual({
      client: 'nobody',
      name: 'client',
      requests_made: 0,
      limit: 9,
      remaining: 9,
      window_seconds: 1.5,
      reset: expect.any(Number) as number,
      limits: [],
    });
  });

  it.each<[string, Caller, string]>([
    ['a principal', { id: 'a' }, 'a'],
    ['a principal of a tier', { id: 'a', tier: 'free' }, 'a'],
    ['an IPv4 address', { address: '192.0.2.7' }, '192.0.2.7'],
    ['an IPv6 address', { address: '2001:db8::7' }, '2001:db8::9'],
  ])('of %s are reset at once', async (_, caller, client) => {
    const { limits, admitted } = await open({ RATE_LIMIT_CLIENT_MAX: '2', RATE_LIMIT_TIERS: 'free=2/2' });
    expect(await admitted(3, caller)).toBe(2);
    const { limits: shown, ...status } = await limits.reset(client);
    expect(status).toMatchObject({ client, requests_made: 0, limit: 2, remaining: 2 });
    expect(shown.map(({ requests_made: made }) => made)).toEqual(shown.map(() => 0));
    expect(await admitted(3, caller)).toBe(2);
  });
});
