import type { LimitDecision } from '#call';
import type { ThrottleSettings } from './throttle.config.ts';

/** What a caller is told to whom no limit applies. */
export const UNLIMITED: LimitDecision = Object.freeze({
  allowed: true,
  name: 'none',
  limit: Infinity,
  remaining: Infinity,
  reset: 0,
  retryAfter: 0,
});

type HeaderSettings = Pick<ThrottleSettings, 'enabled' | 'clientMax' | 'clientWindowMs'>;

/**
 * `X-RateLimit-*` of any answer, and `Retry-After` of a refusal (ARC-26). An answer that no limit decided (401, 404, a
 * probe) shows the client default, untouched. Where no limit applies, limit and remaining say `unlimited`.
 */
export function rateLimitHeaders(
  limits: LimitDecision | undefined,
  settings: HeaderSettings,
): Record<string, string> {
  const { allowed, limit, remaining, reset, retryAfter } = limits ?? untouched(settings);
  if (limit === Infinity) return headersOf('unlimited', 'unlimited', nowSeconds());
  const headers = headersOf(String(limit), String(remaining), reset);
  if (!allowed) headers['Retry-After'] = String(retryAfter);
  return headers;
}

function untouched({ enabled, clientMax, clientWindowMs }: HeaderSettings): LimitDecision {
  if (!enabled) return UNLIMITED;
  const reset = nowSeconds() + Math.ceil(clientWindowMs / 1000);
  return { ...UNLIMITED, name: 'client', limit: clientMax, remaining: clientMax, reset };
}

function headersOf(limit: string, remaining: string, reset: number): Record<string, string> {
  return {
    'X-RateLimit-Limit': limit,
    'X-RateLimit-Remaining': remaining,
    'X-RateLimit-Reset': String(reset),
  };
}

function nowSeconds(): number {
  return Math.ceil(Date.now() / 1000);
}
