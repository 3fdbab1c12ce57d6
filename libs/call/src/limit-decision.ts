/** What the throttle stage found for one call: the tightest of its limits (ARC-24). */
export interface LimitDecision {
  readonly allowed: boolean;
  /** Which limit is the tightest: `client`, `tier-minute`, `tier-hour`, `operation`, `address`, `global`. */
  readonly name: string;
  /** Calls per window; Infinity where none applies. */
  readonly limit: number;
  readonly remaining: number;
  /** Epoch seconds, rounded up: when the window has room again, or starts afresh. */
  readonly reset: number;
  /** Seconds, rounded up; 0 when allowed. */
  readonly retryAfter: number;
}
