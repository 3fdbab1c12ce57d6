export { factors, LAST_LEVEL, Tightening } from './plan/tightening.ts';
export { type LimitClaim } from './limit.ts';
export { rateLimitHeaders } from './rate-limit-headers.ts';
export { SharedThrottleStore, type LimitTurn } from './shared/shared-throttle-store.ts';
export { ThrottleStore } from './throttle-store.ts';
export { throttleConfig, type ThrottleSettings } from './throttle.config.ts';
export { ThrottleGuard } from './throttle.guard.ts';
export { ThrottleModule } from './throttle.module.ts';
export { ValkeyThrottleStore } from './valkey/valkey-throttle-store.ts';
