import { describe, expect, it } from 'vitest';
import { roles, type Permission, type Role } from '#call';
import { isGranted, permissionsOf, unknownPermission } from './index.ts';

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
    expect(permissionsOf.auditor.filter((permission) => !permission.endsWith(':read'))).toEqual(['mcp:use']);
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

describe('unknownPermission', () => {
  it('is content with each permission of the table', () => {
    for (const permission of permissionsOf.admin) expect(unknownPermission(permission)).toBeUndefined();
  });

  it.each(['keys:wrte', 'Keys:write', 'keys:write ', 'has:own'] as Permission[])(
    'teaches how to mend %s',
    (bad) => {
      expect(unknownPermission(bad)).toMatch(`needs the permission ${bad}, which no role has`);
      expect(unknownPermission(bad)).toContain('libs/rbac/src/roles.ts');
      expect(unknownPermission(bad)).toContain('keys:write');
    },
  );
});
