import { Injectable } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Call, Operation, operationOf, type Principal } from '#call';
import { secretsOnly } from '#masking';
import { CacheInterceptor } from '../calls/cache.interceptor.ts';
import { CallKeys } from '../calls/call-keys.ts';
import { Cached } from '../calls/cached.decorator.ts';
import { CachedOperations } from '../calls/cached-operations.ts';
import { PolicyRevision, RolePolicyRevision } from '../calls/policy-revision.ts';
import { Revision } from '../calls/revision.ts';
import type { Cache } from '../cache.ts';
import { SEAL_KEY } from './open-cache.ts';

/** What an answer depends on, as a test sets it. */
@Injectable()
export class Version extends Revision {
  now: string | Error = '1';

  current(): string {
    if (this.now instanceof Error) throw this.now;
    return this.now;
  }
}

/** One handler for each way of sharing an answer. Tests run something else in their place. */
@Injectable()
class Handlers {
  @Operation({ name: 'own', permission: 'tools:call' })
  @Cached({ ttl: 60 })
  own(): void {}

  @Operation({ name: 'own', permission: 'tools:call' })
  @Cached({ ttl: 60 })
  ownElsewhere(): void {}

  @Operation({ name: 'of-role', permission: 'tools:call' })
  @Cached({ ttl: 60, scope: 'role', tags: ['tag'] })
  ofRole(): void {}

  @Operation({ name: 'of-all', permission: 'tools:call' })
  @Cached({ ttl: 60, scope: 'public' })
  ofAll(): void {}

  @Operation({ name: 'versioned', permission: 'tools:call' })
  @Cached({ ttl: 60, revision: Version, notFoundTtl: 60 })
  versioned(): void {}

  @Operation({ name: 'plain', permission: 'tools:call' })
  plain(): void {}
}

export type HandlerName = Exclude<keyof Handlers, never>;

function operationNamed(name: HandlerName): Operation {
  return operationOf(Object.getOwnPropertyDescriptor(Handlers.prototype, name)!.value as object)!;
}

export function callTo(name: HandlerName, principal?: Principal, input?: unknown): Call {
  const call = new Call({ door: 'mcp', address: '192.0.2.1', authorization: undefined });
  call.operation = operationNamed(name);
  call.principal = principal;
  call.input = input;
  return call;
}

/** The stage in front of a cache, as the program has it. */
export async function stageBefore(cache: Cache): Promise<{ stage: CacheInterceptor; version: Version }> {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [
      CachedOperations,
      Handlers,
      Version,
      { provide: PolicyRevision, useClass: RolePolicyRevision },
    ],
  }).compile();
  await module.init();
  const keys = new CallKeys({ key: SEAL_KEY, policy: module.get(PolicyRevision), masking: secretsOnly.name });
  const stage = new CacheInterceptor(cache, module.get(CachedOperations), keys, secretsOnly);
  return { stage, version: module.get(Version) };
}
