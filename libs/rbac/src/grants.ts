import type { Operation, Permission, Principal, Role } from '#call';
import { permissionsOf } from './roles.ts';

const granted: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(permissionsOf).map(([role, permissions]) => [role, new Set<string>(permissions)]),
);
const known: ReadonlySet<string> = new Set(Object.values(permissionsOf).flat());

/** All permissions that there are, sorted. */
export const permissions: readonly string[] = [...known].toSorted();

/** Whether a role holds a permission. A role that is not in the table holds none. */
export function isGranted(role: Role, permission: Permission): boolean {
  return granted.get(role)?.has(permission) ?? false;
}

/** Whether somebody may make an operation happen, and so may see that it is there. Closed when in doubt. */
export function mayCall(
  principal: Principal | undefined,
  { public: isPublic, permission }: Operation,
): boolean {
  if (isPublic) return true;
  return principal !== undefined && permission !== undefined && isGranted(principal.role, permission);
}

/** What is wrong with who may call an operation, and how to mend it; undefined where nothing is. */
export function permissionFault({ public: isPublic, permission }: Operation): string | undefined {
  if (isPublic) return undefined;
  if (!permission) return 'names no permission and does not say that it is public';
  if (known.has(permission)) return undefined;
  return (
    `needs the permission ${permission}, which no role has, so nobody could ever call it: ` +
    `grant it to a role in libs/rbac/src/roles.ts, or name one of ${permissions.join(', ')}`
  );
}
