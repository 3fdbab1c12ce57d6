import { Inject, Injectable, Logger } from '@nestjs/common';
import { RateLimited, type Call, type LimitDecision } from '#call';
import { GatehouseError } from '#errors';
import type { LimitClaim, LimitVerdict } from './limit.ts';
import { throttleConfig, type ThrottleSettings } from './throttle.config.ts';
import { ThrottleStore } from './throttle-store.ts';

/** A store that is down would otherwise write a line for every call of a flood. */
const LOG_INTERVAL_MS = 1_000;

/** Asks the store about all claims of a call at once, tells the call, and refuses it where there is no room. */
@Injectable()
export class LimitGate {
  readonly #logger = new Logger('Throttle');
  #loggedAt = -Infinity;

  constructor(
    private readonly store: ThrottleStore,
    @Inject(throttleConfig.KEY) private readonly settings: ThrottleSettings,
  ) {}

  /** True, or throws RateLimited; UNAVAILABLE where nobody can tell and RATE_LIMIT_FAIL_MODE is `closed`. */
  admit(call: Call, claims: readonly LimitClaim[]): boolean | Promise<boolean> {
    let verdict: LimitVerdict | Promise<LimitVerdict>;
    try {
      verdict = this.store.decide(claims);
    } catch (error) {
      return this.#undecided(error);
    }
    if (!(verdict instanceof Promise)) return conclude(call, claims, verdict);
    return verdict.then(
      (decided) => conclude(call, claims, decided),
      (error: unknown) => this.#undecided(error),
    );
  }

  #undecided(cause: unknown): true {
    const now = performance.now();
    if (now - this.#loggedAt >= LOG_INTERVAL_MS) {
      this.#loggedAt = now;
      this.#logger.error({ err: cause, msg: `Rate limit check failed; fail mode ${this.settings.failMode}` });
    }
    if (this.settings.failMode === 'open') return true;
    throw new GatehouseError('UNAVAILABLE', 'The rate limits cannot be checked at the moment', { cause });
  }
}

function conclude(call: Call, claims: readonly LimitClaim[], verdict: LimitVerdict): true {
  const { allowed, tightest, remaining, roomInMs, exhausted } = verdict;
  const { name, max: limit } = claims[tightest]!.limit;
  const decision: LimitDecision = {
    allowed,
    name,
    limit,
    remaining,
    reset: Math.ceil((Date.now() + roomInMs) / 1000),
    retryAfter: allowed ? 0 : Math.max(1, Math.ceil(roomInMs / 1000)),
  };
  call.limits = decision;
  if (allowed) return true;
  throw new RateLimited(
    decision,
    exhausted.some((index) => claims[index]!.limit.name === 'global'),
  );
}
