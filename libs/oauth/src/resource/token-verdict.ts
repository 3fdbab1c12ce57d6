import type { Principal } from '#call';
import type { Verdict } from '#identity';

/** What is said of a token that lets its bearer in, until then (epoch milliseconds). */
export function provenBy(principal: Principal, askedAt: number, expiresAt: number): Verdict {
  return { proven: true, credential: 'token', principal, expiresAt, askedAt, usedAt: Infinity };
}

/** And of one that does not. */
export function refusedFor(reason: string, askedAt: number): Verdict & { proven: false } {
  return { proven: false, credential: 'token', reason, keyId: undefined, askedAt };
}
