import type { Role, Tier } from '#call';

/** A person who logs in, as kept: everything but the secrets. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly tier: Tier | undefined;
  /** Whether a one-time code is asked of them. */
  readonly hasSecondFactor: boolean;
  /** Until when a code may be used by which they set up their first one; undefined where none is out. */
  readonly enrolmentExpiresAt: Date | undefined;
  readonly createdAt: Date;
  /** Id of the principal that made it. */
  readonly createdBy: string;
  readonly changedAt: Date;
  readonly lastLoginAt: Date | undefined;
  readonly disabledAt: Date | undefined;
}

/** What a person has to know and to have, as kept. */
export interface UserSecrets {
  /** PHC string. */
  readonly passwordHash: string;
  /** Sealed. */
  readonly totpSeed: string | undefined;
}

/** "Ana", "ana" and the same in full-width letters are one name, and no two users can look alike by that. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
