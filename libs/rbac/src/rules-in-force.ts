import type { Permission, Role } from '#call';
import { permissionsOf } from './roles.ts';

export type Grants = ReadonlyMap<Role, ReadonlySet<Permission>>;

/** As libs/rbac/src/roles.ts has it. */
export const builtInGrants: Grants = new Map(
  Object.entries(permissionsOf).map(([role, permissions]) => [role as Role, new Set(permissions)]),
);

/** What each role may do at the moment: the table, and what the policy file says over it. */
class RulesInForce {
  #grants: Grants = builtInGrants;
  #revision = 0;
  readonly #listeners = new Set<() => void>();

  get grants(): Grants {
    return this.#grants;
  }

  /** Another one each time: what was worked out under one does not hold under another. */
  get revision(): number {
    return this.#revision;
  }

  put(grants: Grants): void {
    this.#grants = grants;
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }

  /** The answer ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** One for the process, which is one gateway: every stage and every list asks it, on every call. */
export const rulesInForce = new RulesInForce();
