import type { Principal } from '#call';
import type { ApiKey } from './api-key.record.ts';

/** What was found about a presented key, and when. */
export type Verdict = Proven | Refused;

export interface Proven {
  readonly proven: true;
  readonly principal: Principal;
  /** Epoch milliseconds; Infinity for the configured credential. */
  readonly expiresAt: number;
  /** When the store was asked, on the clock of `performance.now()`: what it says may be as old as that. */
  readonly askedAt: number;
  /** Epoch milliseconds of the use that was noted last. */
  usedAt: number;
}

export interface Refused {
  readonly proven: false;
  /** For the audit trail. The caller is told the same in any case. */
  readonly reason: 'foreign' | 'mistyped' | 'unknown' | 'revoked';
  readonly keyId: string | undefined;
  readonly askedAt: number;
}

/** The verdict on what the store found, which was asked at `askedAt` (milliseconds of `performance.now()`). */
export function verdictOn(key: ApiKey | undefined, askedAt: number): Verdict {
  if (!key || key.revokedAt) {
    return { proven: false, reason: key ? 'revoked' : 'unknown', keyId: key?.id, askedAt };
  }
  const { id: keyId, principalId: id, name, role, tier } = key;
  return {
    proven: true,
    principal: Object.freeze({ id, name, role, tier, keyId }),
    expiresAt: key.expiresAt.getTime(),
    askedAt,
    usedAt: key.lastUsedAt?.getTime() ?? 0,
  };
}
