import { RateLimited, type Call } from '#call';
import type { Exhaustion } from './authentication-budget.ts';

/** The refusal of an address that has tried too many keys: body (ARC-25) and headers (ARC-26) as of any other limit. */
export function tooManyFailures({ limit, resetAt }: Exhaustion, call: Call): RateLimited {
  const reset = Math.ceil(resetAt / 1000);
  const retryAfter = Math.max(1, Math.ceil((resetAt - Date.now()) / 1000));
  call.note('credential', 'not-checked');
  call.limits = { allowed: false, name: 'address', limit, remaining: 0, reset, retryAfter };
  return new RateLimited(call.limits);
}
