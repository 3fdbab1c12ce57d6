import type { Principal } from '#call';

/** What a credential can be. Each is refused in words of its own. */
export type CredentialKind = 'key' | 'token' | 'certificate';

/** What was found about a presented credential, and when. */
export type Verdict = Proven | Refused;

export interface Proven {
  readonly proven: true;
  readonly credential: CredentialKind;
  readonly principal: Principal;
  /** Epoch milliseconds; Infinity for the configured credential. */
  readonly expiresAt: number;
  /** When the store was asked, on the clock of `performance.now()`: what it says may be as old as that. */
  askedAt: number;
  /** Epoch milliseconds of the use that was noted last; Infinity where uses are not noted. */
  usedAt: number;
}

export interface Refused {
  readonly proven: false;
  readonly credential: CredentialKind;
  /** For the audit trail: `revoked`, `wrong-audience`. The caller is told the same in any case. */
  readonly reason: string;
  readonly keyId: string | undefined;
  readonly askedAt: number;
  /** It may well be good in a moment (a key of its issuer that is not known yet): nobody remembers this one. */
  readonly passing?: true;
}
