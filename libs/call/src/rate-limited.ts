import { GatehouseError } from '#errors';
import type { LimitDecision } from './limit-decision.ts';

const MESSAGE = 'Rate limit exceeded';

/** A limit of the call is used up. Its details are the body of the 429, to the letter (ARC-25). */
export class RateLimited extends GatehouseError {
  constructor({ limit, remaining, reset, retryAfter }: LimitDecision, globalLimitHit = false) {
    super('RATE_LIMITED', MESSAGE, {
      details: {
        error: MESSAGE,
        limit,
        remaining,
        reset,
        retry_after: retryAfter,
        global_limit_hit: globalLimitHit,
      },
    });
  }
}
