export { CacheInterceptor } from './calls/cache.interceptor.ts';
export { Cached, cachedOptionsOf, type CachedOptions } from './calls/cached.decorator.ts';
export { Revision } from './calls/revision.ts';
export { Cache, type CacheOptions } from './cache.ts';
export { type CacheFigures, type CacheHealth } from './cache-figures.ts';
export { cacheConfig } from './cache.config.ts';
export { CacheModule } from './cache.module.ts';
export { generateCacheKey } from './generate-cache-key.ts';
export { TieredCache } from './tiered-cache.ts';
