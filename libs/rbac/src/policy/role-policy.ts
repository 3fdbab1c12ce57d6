import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from 'yaml';
import { roles, type Permission, type Role } from '#call';
import { builtInGrants, type Grants } from '../rules-in-force.ts';

/** Where a policy is wrong, and why. */
export interface PolicyFault {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** A policy that can't be put in force. */
export class PolicyRefused extends Error {
  constructor(readonly faults: readonly PolicyFault[]) {
    super(faults.map(({ line, message }) => `line ${line}: ${message}`).join('; '));
    this.name = 'PolicyRefused';
  }
}

/** Without these nobody could let anybody in any more, nor undo that. */
const NEVER_DENIED: ReadonlySet<string> = new Set(['keys:write', 'users:write']);
const MAX_LENGTH = 1_048_576;
const permissions: ReadonlySet<string> = new Set([...builtInGrants.values()].flatMap((set) => [...set]));
const knownRoles: ReadonlySet<string> = new Set(roles);

/**
 * What roles may do by a policy: `roles: { auditor: { allow: [limits:write], deny: [audit:read] } }`, each over what the
 * role may by itself.
 * @throws PolicyRefused with every fault
 */
export function readRolePolicy(text: string): Grants {
  if (text.length > MAX_LENGTH)
    throw new PolicyRefused([{ line: 1, message: 'the file is larger than 1 MiB' }]);
  return new PolicyReader(text).read();
}

class PolicyReader {
  readonly #faults: PolicyFault[] = [];
  readonly #lines = new LineCounter();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Grants {
    const document = parseDocument(this.#text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { pos, message } of document.errors) this.#refuseAt(pos[0], message);
    const grants = new Map(builtInGrants);
    if (this.#faults.length === 0 && document.contents !== null) {
      for (const { key, value } of this.#entries(document.contents, 'the policy')) {
        if (key.text === 'roles') this.#readRoles(value, grants);
        else this.#refuse(key.node, `there is no section ${key.text}: roles is the only one`);
      }
    }
    if (this.#faults.length > 0) throw new PolicyRefused(this.#faults);
    return grants;
  }

  #readRoles(node: Node | null, grants: Map<Role, ReadonlySet<Permission>>): void {
    if (node === null) return;
    for (const { key, value } of this.#entries(node, 'roles')) {
      if (!knownRoles.has(key.text)) {
        this.#refuse(key.node, `there is no role ${key.text}: it is one of ${roles.join(', ')}`);
        continue;
      }
      const role = key.text as Role;
      grants.set(role, this.#grantsOf(role, value));
    }
  }

  #grantsOf(role: Role, node: Node | null): ReadonlySet<Permission> {
    const granted = new Set(builtInGrants.get(role));
    const named = new Set<string>();
    for (const { key, value } of node === null ? [] : this.#entries(node, role)) {
      if (key.text !== 'allow' && key.text !== 'deny') {
        this.#refuse(key.node, `${role} has allow and deny, and no ${key.text}`);
        continue;
      }
      for (const one of this.#listed(value, `${role}.${key.text}`)) {
        const fault = faultOf(role, key.text, one.text, named);
        if (fault) this.#refuse(one.node, fault);
        named.add(one.text);
        if (key.text === 'allow') granted.add(one.text as Permission);
        else granted.delete(one.text as Permission);
      }
    }
    return granted;
  }

  *#entries(node: Node, what: string): Iterable<{ key: { text: string; node: Node }; value: Node | null }> {
    if (!isMap(node)) {
      this.#refuse(node, `${what} must be a mapping of names`);
      return;
    }
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      const isNothing = value === null || (isScalar(value) && value.value === null);
      if (isScalar(key) && typeof key.value === 'string')
        yield { key: { text: key.value, node: key }, value: isNothing ? null : value };
      else this.#refuse(key, `a name in ${what} must be a text`);
    }
  }

  *#listed(node: Node | null, what: string): Iterable<{ text: string; node: Node }> {
    if (node === null) return;
    if (!isSeq(node)) {
      this.#refuse(node, `${what} must be a list of permissions`);
      return;
    }
    for (const item of node.items as Node[]) {
      if (isScalar(item) && typeof item.value === 'string') yield { text: item.value, node: item };
      else this.#refuse(item, `${what} must hold permissions, written as resource:action`);
    }
  }

  #refuse(node: Node, message: string): void {
    this.#refuseAt(node.range?.[0] ?? 0, message);
  }

  #refuseAt(offset: number, message: string): void {
    this.#faults.push({ line: this.#lines.linePos(offset).line, message });
  }
}

function faultOf(
  role: Role,
  verb: 'allow' | 'deny',
  permission: string,
  named: ReadonlySet<string>,
): string | undefined {
  if (!permissions.has(permission)) return `there is no permission ${permission}`;
  if (named.has(permission)) return `${permission} stands here twice for ${role}`;
  if (verb === 'deny' && role === 'admin' && NEVER_DENIED.has(permission))
    return `admin can't be denied ${permission}: nobody could undo it`;
  return undefined;
}
