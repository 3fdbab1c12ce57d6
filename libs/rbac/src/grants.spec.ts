import { describe, expect, it } from 'vitest';
import { roles, type Operation, type Permission, type Role } from '#call';
import { isGranted, permissionFault } from './index.ts';
import { permissionsOf } from './roles.ts';

describe('the table of roles', () => {
  it('knows every role', () => {
    expect(Object.keys(permissionsOf).sort()).toEqual([...roles].sort());
  });

  it('names no permission twice in a role', () => {
    for (const role of roles) expect(new Set(permissionsOf[role]).size).toBe(permissionsOf[role].length);
  });

  it('gives the admin everything that anyone has', () => {
    for (const role of roles)
      expect(permissionsOf.admin).toEqual(expect.arrayContaining([...permissionsOf[role]]));
  });

  it('lets only the admin make and revoke keys', () => {
    expect(roles.filter((role) => isGranted(role, 'keys:write'))).toEqual(['admin']);
  });

  it('lets the auditor change nothing', () => {
    expect(permissionsOf.auditor.filter((permission) => !permission.endsWith(':read'))).toEqual([
      'account:use',
      'mcp:use',
    ]);
  });

  it('lets no employee erase', () => {
    expect(isGranted('employee', 'conversations:delete')).toBe(false);
    expect(isGranted('service', 'conversations:delete')).toBe(true);
  });

  it.each(['__proto__', 'constructor', 'toString', 'root', ''])(
    'grants nothing to the unknown role "%s"',
    (role) => {
      for (const permission of permissionsOf.admin) expect(isGranted(role as Role, permission)).toBe(false);
    },
  );
});

const needing = (permission: Permission): Operation => ({ name: 'keys.create', permission });

describe('permissionFault', () => {
  it('is content with each permission of the table, and with what is public', () => {
    for (const permission of permissionsOf.admin)
      expect(permissionFault(needing(permission))).toBeUndefined();
    expect(permissionFault({ name: 'health.live', public: true })).toBeUndefined();
  });

  it('is not content with what says neither', () => {
    expect(permissionFault({ name: 'a.b' } as unknown as Operation)).toBe(
      'names no permission and does not say that it is public',
    );
  });

  it.each(['keys:wrte', 'Keys:write', 'keys:write ', 'has:own'] as Permission[])(
    'teaches how to mend %s',
    (bad) => {
      const fault = permissionFault(needing(bad));
      expect(fault).toMatch(`needs the permission ${bad}, which no role has`);
      expect(fault).toContain('libs/rbac/src/roles.ts');
      expect(fault).toContain('keys:write');
    },
  );
});
