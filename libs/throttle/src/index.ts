export { rateLimitHeaders } from './rate-limit-headers.ts';
export { throttleConfig, type ThrottleSettings } from './throttle.config.ts';
export { ThrottleGuard } from './throttle.guard.ts';
export { ThrottleModule } from './throttle.module.ts';
