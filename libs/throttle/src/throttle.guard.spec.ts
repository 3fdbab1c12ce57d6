import { Controller, type Type } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test } from '@nestjs/testing';
import { SkipThrottle, Throttle, ThrottlerGuard } from '@nestjs/throttler';
import { describe, expect, it } from 'vitest';
import { Call, Operation, RateLimited, type Door, type Tier } from '#call';
import { ConfigModule, type Environment } from '#config';
import { ClientLimits } from './admin/client-limits.service.ts';
import { UNLIMITED } from './rate-limit-headers.ts';
import { ThrottleGuard } from './throttle.guard.ts';
import { ThrottleModule } from './throttle.module.ts';

@Controller()
class Routes {
  @Throttle({ default: { limit: 3, ttl: 60_000 } })
  @Operation({ name: 'ask', permission: 'rag:ask' })
  ask(): void {}

  @Operation({ name: 'plain', permission: 'rag:ask' })
  plain(): void {}
}

@Controller()
class Tools {
  @Operation({ name: 'ask', permission: 'rag:ask' })
  ask(): void {}
}

class Probed {
  @Operation({ name: 'probe', public: true })
  probe(): void {}
}

@SkipThrottle()
@Controller()
class Probes extends Probed {
  @SkipThrottle({ default: false })
  @Operation({ name: 'counted', public: true })
  counted(): void {}
}

@Controller()
class CountedProbes extends Probed {}

interface Visit {
  to: string;
  of?: Type;
  id?: string;
  tier?: Tier;
  address?: string;
  door?: Door;
}

interface Answer {
  call: Call;
  error: unknown;
  sync: boolean;
}

async function open(env: Environment = {}) {
  const module = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(env), ThrottleModule],
    controllers: [Routes, Tools, Probes, CountedProbes],
    providers: [ThrottleGuard],
  }).compile();
  await module.init();
  const guard = module.get(ThrottleGuard);

  async function visit({
    to,
    of = Routes,
    id,
    tier,
    address = '192.0.2.1',
    door = 'rest',
  }: Visit): Promise<Answer> {
    const call = new Call({ door, address, authorization: undefined });
    if (id) call.principal = { id, name: 'spec', role: 'service', tier, keyId: 'key' };
    const args = door === 'rest' ? [{ call }] : [{}, call];
    const context = new ExecutionContextHost(args, of, (of.prototype as Record<string, () => void>)[to]);
    context.setType(door === 'rest' ? 'http' : 'mcp');
    try {
      const answer = guard.canActivate(context);
      return { call, error: (await answer) ? undefined : 'false', sync: answer === true };
    } catch (error) {
      return { call, error, sync: true };
    }
  }

  /** How many of so many calls got through. */
  async function admitted(times: number, to: Visit): Promise<number> {
    let passed = 0;
    for (let n = 0; n < times; n++) passed += Number((await visit(to)).error === undefined);
    return passed;
  }
  return { module, guard, visit, admitted };
}

describe('ThrottleGuard', () => {
  it('is the stock guard, and answers without a promise', async () => {
    const { guard, visit } = await open();
    expect(guard).toBeInstanceOf(ThrottlerGuard);
    expect(await visit({ to: 'plain', id: 'a' })).toMatchObject({ sync: true, error: undefined });
  });

  it('lets five pass in ten seconds and refuses the sixth, with the body to the letter', async () => {
    const { admitted, visit } = await open({ RATE_LIMIT_CLIENT_MAX: '5', RATE_LIMIT_CLIENT_WINDOW: '10' });
    expect(await admitted(5, { to: 'plain', id: 'a' })).toBe(5);
    const { error, call } = await visit({ to: 'plain', id: 'a' });
    expect(error).toBeInstanceOf(RateLimited);
    const { code, details } = error as RateLimited;
    expect(code).toBe('RATE_LIMITED');
    expect(details).toEqual({
      error: 'Rate limit exceeded',
      limit: 5,
      remaining: 0,
      reset: expect.any(Number),
      retry_after: 10,
      global_limit_hit: false,
    });
    expect(call.limits).toEqual({
      allowed: false,
      name: 'client',
      limit: 5,
      remaining: 0,
      reset: details!['reset'],
      retryAfter: 10,
    });
    const seconds = Date.now() / 1000;
    expect(call.limits!.reset).toBeGreaterThan(seconds + 8);
    expect(call.limits!.reset).toBeLessThan(seconds + 12);
    expect(await admitted(1, { to: 'plain', id: 'b' })).toBe(1);
  });

  it.each<[Tier, number]>([
    ['free', 10],
    ['basic', 100],
    ['pro', 1_000],
    ['enterprise', 1_200],
  ])(
    'lets a key of the tier %s make %i calls a minute, whatever the client default',
    async (tier, expected) => {
      const { admitted } = await open({ RATE_LIMIT_CLIENT_MAX: '50', RATE_LIMIT_GLOBAL_MAX: '1100' });
      expect(await admitted(1_200, { to: 'plain', id: 'a', tier })).toBe(expected);
    },
  );

  it('counts a tier by the hour too, and lets one tier be set alone', async () => {
    const { visit, admitted } = await open({ RATE_LIMIT_TIERS: 'free=7/5' });
    expect(await admitted(9, { to: 'plain', id: 'a', tier: 'free' })).toBe(5);
    expect((await visit({ to: 'plain', id: 'a', tier: 'free' })).call.limits).toMatchObject({
      name: 'tier-hour',
      limit: 5,
      retryAfter: 3_600,
    });
    expect(await admitted(101, { to: 'plain', id: 'b', tier: 'basic' })).toBe(100);
  });

  it('says so when it is the global limit that is used up', async () => {
    const { visit, admitted } = await open({ RATE_LIMIT_GLOBAL_MAX: '4' });
    expect(await admitted(4, { to: 'plain', id: 'a' })).toBe(4);
    const { error } = await visit({ to: 'plain', id: 'b' });
    expect((error as RateLimited).details).toMatchObject({ limit: 4, global_limit_hit: true });
    expect(await admitted(9, { to: 'plain', id: 'c', tier: 'enterprise' })).toBe(9);
  });

  it('lets nobody without a key use up what those with a key have together, nor the other way round', async () => {
    const { admitted } = await open({ RATE_LIMIT_GLOBAL_MAX: '4' });
    expect(await admitted(6, { to: 'counted', of: Probes })).toBe(4);
    expect(await admitted(6, { to: 'plain', id: 'a' })).toBe(4);
    expect(await admitted(6, { to: 'counted', of: Probes, address: '192.0.2.2' })).toBe(0);
  });

  it('limits an address whoever calls from it, except for the tier enterprise', async () => {
    const { admitted } = await open({ RATE_LIMIT_ADDRESS_MAX: '6' });
    expect(await admitted(4, { to: 'plain', id: 'a' })).toBe(4);
    expect(await admitted(4, { to: 'plain', id: 'b' })).toBe(2);
    expect(await admitted(9, { to: 'plain', id: 'c', tier: 'enterprise' })).toBe(9);
    expect(await admitted(4, { to: 'plain', id: 'b', address: '192.0.2.2' })).toBe(4);
  });

  it('takes an IPv6 /64 for one address, and a mapped IPv4 address for what it is', async () => {
    const { admitted } = await open({ RATE_LIMIT_CLIENT_MAX: '4' });
    const probe: Visit = { to: 'probe', of: CountedProbes };
    expect(await admitted(3, { ...probe, address: '2001:db8:1:2::1' })).toBe(3);
    expect(await admitted(3, { ...probe, address: '2001:db8:1:2:ffff::9' })).toBe(1);
    expect(await admitted(3, { ...probe, address: '2001:db8:1:3::1' })).toBe(3);
    expect(await admitted(3, { ...probe, address: '::ffff:192.0.2.1' })).toBe(3);
    expect(await admitted(3, { ...probe, address: '192.0.2.1' })).toBe(1);
  });

  it('counts callers without a key by address, apart from any principal', async () => {
    const { admitted } = await open({ RATE_LIMIT_CLIENT_MAX: '2' });
    expect(await admitted(3, { to: 'plain' })).toBe(2);
    expect(await admitted(3, { to: 'plain', id: '192.0.2.1' })).toBe(2);
  });

  it('counts nothing of a call that one limit refuses', async () => {
    const { module, admitted } = await open({ RATE_LIMIT_OPERATIONS: 'plain=1/60' });
    expect(await admitted(5, { to: 'plain', id: 'a' })).toBe(1);
    const { limits } = await module.get(ClientLimits).read('a');
    expect(limits.map(({ name, requests_made: made }) => [name, made])).toEqual([
      ['client', 1],
      ['operation:plain', 1],
    ]);
  });
});

describe('the limit of an operation', () => {
  it('is shared by its route and its tool, wherever @Throttle stands, and binds enterprise too', async () => {
    const { visit, admitted } = await open();
    const tool: Visit = { to: 'ask', of: Tools, id: 'a', tier: 'enterprise', door: 'mcp' };
    expect(await admitted(2, tool)).toBe(2);
    expect(await admitted(3, { to: 'ask', id: 'a', tier: 'enterprise' })).toBe(1);
    expect((await visit(tool)).call.limits).toMatchObject({ name: 'operation', limit: 3 });
    expect(await admitted(4, { ...tool, id: 'b' })).toBe(3);
    expect(await admitted(4, { to: 'plain', id: 'a', tier: 'enterprise' })).toBe(4);
  });

  it('may be set, over what @Throttle says', async () => {
    const { admitted } = await open({ RATE_LIMIT_OPERATIONS: 'ask=2/10, plain=1/10' });
    expect(await admitted(4, { to: 'ask', id: 'a' })).toBe(2);
    expect(await admitted(4, { to: 'plain', id: 'a' })).toBe(1);
  });
});

describe('@SkipThrottle', () => {
  it('spares a handler or a class every limit, and is read of class and method together', async () => {
    const { visit, admitted } = await open({ RATE_LIMIT_CLIENT_MAX: '1' });
    const probe: Visit = { to: 'probe', of: Probes };
    expect(await admitted(5, probe)).toBe(5);
    expect((await visit(probe)).call.limits).toBeUndefined();
    expect(await admitted(5, { ...probe, of: CountedProbes })).toBe(1);
    expect(await admitted(5, { to: 'counted', of: Probes, address: '192.0.2.9' })).toBe(1);
  });
});

describe('where no limit applies', () => {
  it.each([
    ['limits are switched off', { RATE_LIMIT_ENABLED: 'false' }, undefined],
    ['the alias switches them off', { SUPEREGO_RATE_LIMIT_ENABLED: '0' }, undefined],
    ['the tier is enterprise', {}, 'enterprise'],
  ] as const)('says so: %s', async (_, env, tier) => {
    const { visit } = await open(env);
    const { call, error } = await visit({ to: 'plain', id: 'a', ...(tier && { tier }) });
    expect({ limits: call.limits, error }).toEqual({ limits: UNLIMITED, error: undefined });
  });
});
