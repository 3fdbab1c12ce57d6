import type { Operation, Permission, Principal, Role } from '#call';
import { AccessRefused, SecondFactorRequired } from '#errors';
import { needsSecondFactor, permissionsOf } from './roles.ts';
import { rulesInForce } from './rules-in-force.ts';

const known: ReadonlySet<string> = new Set(Object.values(permissionsOf).flat());

/** All permissions that there are, sorted. */
export const permissions: readonly string[] = [...known].toSorted();

/** Whether a role holds a permission at the moment. A role that is not in the table holds none. */
export function isGranted(role: Role, permission: Permission): boolean {
  return rulesInForce.grants.get(role)?.has(permission) ?? false;
}

/** All that a role holds at the moment. */
export function permissionsHeldBy(role: Role): readonly Permission[] {
  return [...(rulesInForce.grants.get(role) ?? [])];
}

/** Whether somebody holds a permission: the role has it, and the credential was not given less. */
export function holds({ role, scopes }: Principal, permission: Permission): boolean {
  return isGranted(role, permission) && (scopes === undefined || scopes.has(permission));
}

/**
 * Whether an operation is there for somebody at all: the role may call it, with whatever credential. What is not there
 * for them is hidden; what another scope or a second factor would open is not, so that a client can ask for it.
 */
export function maySee(
  principal: Principal | undefined,
  { public: isPublic, permission }: Operation,
): boolean {
  if (isPublic) return true;
  return principal !== undefined && permission !== undefined && isGranted(principal.role, permission);
}

/** Whether somebody may make an operation happen, as they have come. Closed when in doubt. */
export function mayCall(principal: Principal | undefined, operation: Operation): boolean {
  return refusalFor(principal, operation) === undefined;
}

/** Why somebody may not make an operation happen; undefined where they may. Closed when in doubt. */
export function refusalFor(
  principal: Principal | undefined,
  operation: Operation,
): AccessRefused | SecondFactorRequired | undefined {
  const { name, public: isPublic, permission } = operation;
  if (isPublic) return undefined;
  if (!principal || !permission || !holds(principal, permission)) return refusalOf(operation);
  // Absent: a program, which has no second factor to show. A person who has shown none has `false`.
  if (principal.secondFactor === false && needsSecondFactor.has(permission))
    return new SecondFactorRequired(name);
  return undefined;
}

/** What there is to say of an operation that a principal may not call. */
export function refusalOf(operation: Operation | undefined): AccessRefused {
  return new AccessRefused({
    operation: operation?.name ?? 'This call',
    missing: operation?.permission ?? 'of a declared operation',
  });
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
