import type { Principal, Role, Tier } from '#call';
import { GatehouseError } from '#errors';

/** Whoever holds a credential has its rights, so one that is made, changed or inherited may not be worth more than its maker's own. */
export function requireRights(
  by: Principal,
  { role, tier }: { role: Role; tier: Tier | undefined },
  what = 'keys',
): void {
  if (by.role === 'admin' || (by.role === role && by.tier === tier)) return;
  throw new GatehouseError(
    'ACCESS_REFUSED',
    `Not allowed: only an admin manages ${what} of another role or tier`,
  );
}
