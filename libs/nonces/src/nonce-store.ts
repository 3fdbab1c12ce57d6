/** A nonce that may be used once (requirements 11 and 14.8). */
export interface Nonce {
  /** Whose it is: two senders may use the same. */
  readonly sender: string;
  readonly value: string;
  /** How long it must be remembered: until no message with it could be fresh any more, from now. */
  readonly keepMs: number;
}

/** Remembers which nonces were used. Closed when in doubt: what can't be remembered is not let through. */
export abstract class NonceStore {
  /**
   * Says true to the first who asks about a nonce, and false to all others until its time is over.
   * @throws GatehouseError UNAVAILABLE, or rejects with it, when the store can't tell
   */
  abstract use(nonce: Nonce): boolean | Promise<boolean>;
}
