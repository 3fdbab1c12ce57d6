/** Why an address may try no further key for now. */
export interface Exhaustion {
  /** Failures per window. */
  readonly limit: number;
  /** Epoch milliseconds. */
  readonly resetAt: number;
}

/**
 * How many keys an address may still try (RAG-13). Each try is taken before the store is asked, and given back when the
 * key proves good, so that what is in flight counts too. An IPv6 /64 is one address.
 */
export abstract class AuthenticationBudget {
  /** Takes one try; or takes none, and says why. */
  abstract take(address: string): Exhaustion | undefined | Promise<Exhaustion | undefined>;
  abstract refund(address: string): void;
}
