import type { LimitClaim, LimitUsage, LimitVerdict } from './limit.ts';

/**
 * Counts calls. Never admits more than `max` in any window of a limit's length, wherever that window is placed.
 * Claims and answers are plain data, and times are durations, so that a store may run elsewhere, on its own clock.
 * Throws, or rejects, when it cannot tell: the caller of the store knows what that means (RATE_LIMIT_FAIL_MODE).
 */
export abstract class ThrottleStore {
  /** Decides all limits of one call in one step. A refused call is counted by none of them. The limits differ. */
  abstract decide(claims: readonly LimitClaim[]): LimitVerdict | Promise<LimitVerdict>;

  /** How matters stand, one answer a claim (ARC-27). Counts nothing. */
  abstract status(claims: readonly LimitClaim[]): readonly LimitUsage[] | Promise<readonly LimitUsage[]>;

  /** Forgets what was counted for these claims, at once (ARC-28). */
  abstract reset(claims: readonly LimitClaim[]): void | Promise<void>;
}
