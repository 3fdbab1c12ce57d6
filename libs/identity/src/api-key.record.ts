import type { Role, Tier } from '#call';

/** One issued key as it is kept: everything but the key. */
export interface ApiKey {
  readonly id: string;
  /** Stable over rotations: limits and ownership go by it. */
  readonly principalId: string;
  readonly name: string;
  readonly role: Role;
  readonly tier: Tier | undefined;
  readonly createdAt: Date;
  /** Id of the principal that made it. */
  readonly createdBy: string;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | undefined;
  /** When a newer key of the same principal took its name. It works until `expiresAt`. */
  readonly supersededAt: Date | undefined;
  readonly revokedAt: Date | undefined;
  /** Id of the key that this one was rotated from. */
  readonly rotatedFrom: string | undefined;
}

export type KeyState = 'active' | 'superseded' | 'expired' | 'revoked';

/** How a key stands at a time. The end of its life is exclusive: at `expiresAt` it has expired. */
export function stateOf({ revokedAt, expiresAt, supersededAt }: ApiKey, at = new Date()): KeyState {
  if (revokedAt) return 'revoked';
  if (expiresAt <= at) return 'expired';
  return supersededAt ? 'superseded' : 'active';
}
