/** How many calls in how long. One `id` stands for one `windowMs`; its `max` may be tightened and relaxed. */
export interface Limit {
  /** Names the counts in the store: `client`, `tier-hour:free`, `operation:rag.ask`. */
  readonly id: string;
  /** What a caller and the metrics are told: `client`, `tier-minute`, `tier-hour`, `operation`, `address`, `global`. */
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
}

/** One call counts against one limit, on the account of one subject: a principal, an address, or everybody (``). */
export interface LimitClaim {
  readonly limit: Limit;
  readonly subject: string;
}

/** What was decided about a list of claims. Plain data: a store may be another process. */
export interface LimitVerdict {
  /** All claims had room, and each was counted. Otherwise none was. */
  readonly allowed: boolean;
  /** Index of the claim that leaves least room (of two, the longer window) or, in a refusal, lasts longest. */
  readonly tightest: number;
  /** Calls that the tightest limit still admits now. */
  readonly remaining: number;
  /** Milliseconds until the tightest limit admits one call more than it does now. */
  readonly roomInMs: number;
  /** Indexes of the claims that had no room. */
  readonly exhausted: readonly number[];
}

/** How one subject stands with one limit. */
export interface LimitUsage {
  /** Calls that count at this moment. */
  readonly used: number;
  /** Milliseconds until one of them no longer counts; the whole window where there is none. */
  readonly roomInMs: number;
}
