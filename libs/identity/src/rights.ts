import type { Principal, Role, Tier } from '#call';
import { AccessRefused, GatehouseError } from '#errors';
import { holds, permissionsHeldBy } from '#rbac';

interface Rank {
  readonly role: Role;
  readonly tier: Tier | undefined;
}

/**
 * Whoever holds a credential has its rights, so one that is made, changed or inherited may not be worth more than its
 * maker's own. A token is worth what it was given of its role, and no more.
 */
export function requireRights(by: Principal, rank: Rank, what = 'keys'): void {
  requireRank(by, rank, what);
  if (by.scopes === undefined) return;
  const missing = permissionsHeldBy(rank.role).find((permission) => !holds(by, permission));
  if (missing) throw new AccessRefused({ operation: `Managing ${what} of the role ${rank.role}`, missing });
}

/** For what only takes away: nobody gets anything by it. */
export function requireRank(by: Principal, { role, tier }: Rank, what = 'keys'): void {
  if (by.role === 'admin' || (by.role === role && by.tier === tier)) return;
  throw new GatehouseError(
    'ACCESS_REFUSED',
    `Not allowed: only an admin manages ${what} of another role or tier`,
  );
}
