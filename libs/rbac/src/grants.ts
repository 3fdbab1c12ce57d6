import type { Permission, Role } from '#call';
import { permissionsOf } from './roles.ts';

const granted: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(permissionsOf).map(([role, permissions]) => [role, new Set<string>(permissions)]),
);
const known: ReadonlySet<string> = new Set(Object.values(permissionsOf).flat());

/** Whether a role holds a permission. A role that is not in the table holds none. */
export function isGranted(role: Role, permission: Permission): boolean {
  return granted.get(role)?.has(permission) ?? false;
}

/** What is wrong with a permission that no role holds, and how to mend it; undefined for a good one. */
export function unknownPermission(permission: Permission): string | undefined {
  if (known.has(permission)) return undefined;
  return (
    `needs the permission ${permission}, which no role has, so nobody could ever call it: ` +
    `grant it to a role in libs/rbac/src/roles.ts, or name one of ${[...known].sort().join(', ')}`
  );
}
