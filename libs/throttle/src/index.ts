export type { Limit, LimitClaim, LimitUsage, LimitVerdict } from './limit.ts';
export { MemoryThrottleStore, type MemoryThrottleStoreOptions } from './memory/memory-throttle-store.ts';
export { rateLimitHeaders } from './rate-limit-headers.ts';
export { throttleConfig, type ThrottleSettings } from './throttle.config.ts';
export { ThrottleGuard } from './throttle.guard.ts';
export { ThrottleModule } from './throttle.module.ts';
export { ThrottleStore } from './throttle-store.ts';
