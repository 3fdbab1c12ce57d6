import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roles, type Operation, type Permission, type Principal, type Role } from '#call';
import { AccessRefused, Hidden, SecondFactorRequired } from '#errors';
import { holds, isGranted, mayCall, maySee, refusalFor, requireMay } from './index.ts';
import { needsSecondFactor, permissionsOf } from './roles.ts';

const all = permissionsOf.admin;
const principal = (role: Role, rest: Partial<Principal> = {}): Principal => ({
  id: 'p',
  name: 'n',
  role,
  tier: undefined,
  keyId: 'k',
  ...rest,
});
const needing = (permission: Permission): Operation => ({ name: 'a.b', permission });

describe('scopes', () => {
  it('never give more than the role has, nor more than was asked for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...roles),
        fc.subarray([...all]),
        fc.constantFrom(...all),
        (role, given, one) => {
          const scopes = new Set(given);
          expect(holds(principal(role, { scopes }), one)).toBe(isGranted(role, one) && scopes.has(one));
        },
      ),
    );
  });

  it('hide nothing: what another scope would open is there, and refused as such', () => {
    const narrow = principal('admin', { scopes: new Set<Permission>(['mcp:use']) });
    expect(maySee(narrow, needing('keys:write'))).toBe(true);
    expect(() => requireMay(narrow, needing('keys:write'), 'absent')).toThrow(AccessRefused);
    expect(() => requireMay(principal('employee'), needing('keys:write'), 'absent')).toThrow(Hidden);
  });
});

describe('a second factor', () => {
  it('is asked of a person who has shown none, for what changes who may come in', () => {
    for (const permission of all) {
      const refusal = refusalFor(principal('admin', { secondFactor: false }), needing(permission));
      const needed = needsSecondFactor.has(permission);
      const asked = refusal instanceof SecondFactorRequired;
      expect({ permission, asked, free: refusal === undefined }).toEqual({
        permission,
        asked: needed,
        free: !needed,
      });
    }
  });

  it('is not asked again of who has shown one, nor of a program', () => {
    for (const permission of all) {
      expect(mayCall(principal('admin', { secondFactor: true }), needing(permission))).toBe(true);
      expect(mayCall(principal('admin'), needing(permission))).toBe(true);
    }
  });

  it('is not spoken of to those who may not do it anyway', () => {
    const refusal = refusalFor(principal('employee', { secondFactor: false }), needing('keys:write'));
    expect(refusal).toBeInstanceOf(AccessRefused);
  });

  it('guards every permission to change or to erase that only an admin has', () => {
    const others = roles.filter((role) => role !== 'admin');
    const adminOnly = all.filter((one) => !others.some((role) => isGranted(role, one)));
    const toChange = adminOnly.filter((one) => !one.endsWith(':read'));
    expect([...needsSecondFactor].toSorted()).toEqual(toChange.toSorted());
  });
});
