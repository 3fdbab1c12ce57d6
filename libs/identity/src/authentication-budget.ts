/** Why an address may try no further key for now. */
export interface Exhaustion {
  /** Failures per window. */
  readonly limit: number;
  /** Epoch milliseconds. */
  readonly resetAt: number;
}

/**
 * How many keys an address may still try (RAG-13). Each try is spent before the store is asked, and given back when the
 * key proves good, so that what is in flight counts too.
 */
export abstract class AuthenticationBudget {
  abstract exhausted(address: string): Exhaustion | undefined;
  abstract spend(address: string): void;
  abstract refund(address: string): void;
}
