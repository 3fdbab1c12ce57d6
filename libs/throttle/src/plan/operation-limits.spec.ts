import { Controller, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Throttle } from '@nestjs/throttler';
import { describe, expect, it } from 'vitest';
import { Operation } from '#call';
import { ConfigModule, type Environment } from '#config';
import { ThrottleModule } from '../throttle.module.ts';
import { OperationLimits } from './operation-limits.ts';

type ThrottleOptions = Parameters<typeof Throttle>[0][string];

@Throttle({ default: { limit: 50, ttl: 30_000 } })
@Controller()
class Routes {
  @Throttle({ default: { limit: 3, ttl: 60_000 } })
  @Operation({ name: 'ask', permission: 'rag:ask' })
  ask(): void {}

  @Operation({ name: 'list', permission: 'rag:ask' })
  list(): void {}
}

class Tools {
  @Operation({ name: 'ask', permission: 'rag:ask' })
  ask(): void {}

  @Operation({ name: 'free', permission: 'rag:ask' })
  free(): void {}
}

/** Another handler of `ask`. */
function alsoAsking(options: ThrottleOptions): Type {
  @Controller()
  class Others {
    @Throttle({ default: options })
    @Operation({ name: 'ask', permission: 'rag:ask' })
    ask(): void {}
  }
  return Others;
}

async function limitsOf(env: Environment = {}, ...others: Type[]): Promise<OperationLimits> {
  const module = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(env), ThrottleModule],
    controllers: [Routes, ...others],
    providers: [Tools],
  }).compile();
  await module.init();
  return module.get(OperationLimits);
}

describe('the limits of operations', () => {
  it('are what @Throttle says on a handler, or else on its class', async () => {
    const limits = await limitsOf();
    expect(limits.get('ask')).toEqual({ max: 3, windowMs: 60_000 });
    expect(limits.get('list')).toEqual({ max: 50, windowMs: 30_000 });
    expect(limits.get('free')).toBeUndefined();
  });

  it('are overridden, and added to, by RATE_LIMIT_OPERATIONS', async () => {
    const limits = await limitsOf({ RATE_LIMIT_OPERATIONS: 'ask=7/10,free=8/20' });
    expect(limits.get('ask')).toEqual({ max: 7, windowMs: 10_000 });
    expect(limits.get('free')).toEqual({ max: 8, windowMs: 20_000 });
  });

  it('take what @Throttle leaves out from the client default, as the stock guard does', async () => {
    const limits = await limitsOf({}, alsoAskingElsewhere());
    expect(limits.get('elsewhere')).toEqual({ max: 4, windowMs: 60_000 });
  });

  it('may be said twice alike', async () => {
    const limits = await limitsOf({}, alsoAsking({ limit: 3, ttl: 60_000 }));
    expect(limits.get('ask')).toEqual({ max: 3, windowMs: 60_000 });
  });

  it.each<[string, ThrottleOptions, string]>([
    [
      'differs from another one',
      { limit: 4, ttl: 60_000 },
      'Others.ask differs from another one of the operation ask',
    ],
    ['is a function of the request', { limit: () => 4 }, 'Others.ask: limit and ttl (milliseconds) must be'],
    ['is zero', { limit: 0, ttl: 60_000 }, 'must be whole numbers above 0'],
    ['brings a tracker', { limit: 3, ttl: 60_000, getTracker: () => 'x' }, "getTracker can't be used"],
    ['blocks', { limit: 3, ttl: 60_000, blockDuration: 5_000 }, "blockDuration can't be used"],
  ])('stop the boot when a @Throttle %s', async (_, options, message) => {
    await expect(limitsOf({}, alsoAsking(options))).rejects.toThrow(message);
  });

  it('stop the boot when a setting names an operation that does not exist', async () => {
    await expect(limitsOf({ RATE_LIMIT_OPERATIONS: 'aks=2/10' })).rejects.toThrow(
      'RATE_LIMIT_OPERATIONS: there is no operation aks, but ask, free, limits.read, limits.reset, list',
    );
  });
});

function alsoAskingElsewhere(): Type {
  @Controller()
  class Elsewhere {
    @Throttle({ default: { limit: 4 } })
    @Operation({ name: 'elsewhere', permission: 'rag:ask' })
    elsewhere(): void {}
  }
  return Elsewhere;
}
