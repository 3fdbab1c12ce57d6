import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { ConfigOf } from '#config';
import { IdentityModule, Pepper } from '#identity';
import { maskingConfig, maskingOfAnswers } from '#masking';
import { CacheConnection, ValkeyModule } from '#valkey';
import { CacheController } from './admin/cache.controller.ts';
import { Cache } from './cache.ts';
import { cacheConfig, type CacheSettings } from './cache.config.ts';
import { CacheMasking } from './calls/cache.interceptor.ts';
import { CachedOperations } from './calls/cached-operations.ts';
import { CallKeys } from './calls/call-keys.ts';
import { PolicyRevision, RolePolicyRevision } from './calls/policy-revision.ts';
import { TieredCache } from './tiered-cache.ts';
import { Uncached } from './uncached.ts';

const cacheProvider = {
  provide: Cache,
  inject: [cacheConfig.KEY, Pepper, CacheConnection],
  useFactory(settings: CacheSettings, pepper: Pepper, connection: CacheConnection | undefined): Cache {
    if (!settings.enabled) return new Uncached();
    const shared = connection && { connection, sealKey: pepper.keyFor('cache entries') };
    return new TieredCache(settings, shared);
  },
};

const cacheMasking = {
  provide: CacheMasking,
  inject: [maskingConfig.KEY],
  useFactory: (config: ConfigOf<typeof maskingConfig>): CacheMasking => maskingOfAnswers(config),
};

const callKeys = {
  provide: CallKeys,
  inject: [Pepper, PolicyRevision, CacheMasking],
  useFactory: (pepper: Pepper, policy: PolicyRevision, { name }: CacheMasking): CallKeys =>
    new CallKeys({ key: pepper.keyFor('cache keys'), policy, masking: name }),
};

/** All that CacheInterceptor needs; the interceptor itself stands in the list of libs/pipeline. */
@Global()
@Module({
  imports: [DiscoveryModule, IdentityModule, ValkeyModule],
  controllers: [CacheController],
  providers: [
    cacheProvider,
    cacheMasking,
    callKeys,
    { provide: PolicyRevision, useClass: RolePolicyRevision },
    CachedOperations,
  ],
  exports: [Cache, CacheMasking, CallKeys, CachedOperations, PolicyRevision],
})
export class CacheModule implements OnApplicationShutdown {
  constructor(@Inject(Cache) private readonly cache: Cache) {}

  async onApplicationShutdown(): Promise<void> {
    if (this.cache instanceof TieredCache) await this.cache.close();
  }
}
