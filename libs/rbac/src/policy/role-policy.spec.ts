import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { roles, type Permission, type Role } from '#call';
import { builtInGrants } from '../rules-in-force.ts';
import { PolicyRefused, readRolePolicy } from './role-policy.ts';

const permissions = [...new Set([...builtInGrants.values()].flatMap((set) => [...set]))];

function faultsOf(text: string) {
  try {
    readRolePolicy(text);
  } catch (error) {
    if (error instanceof PolicyRefused) return error.faults.map(({ line, message }) => `${line}: ${message}`);
    throw error;
  }
  return [];
}

describe('a policy of roles', () => {
  it('allows and denies over what a role may by itself', () => {
    const grants = readRolePolicy(
      'roles:\n  auditor:\n    allow: [limits:write]\n    deny:\n      - audit:read\n',
    );
    const auditor = grants.get('auditor')!;
    expect([auditor.has('limits:write'), auditor.has('audit:read'), auditor.has('keys:read')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(grants.get('service')).toEqual(builtInGrants.get('service'));
  });

  it.each(['', '# nothing', 'roles:', 'roles: {}', 'roles: { auditor: }', 'roles: { auditor: { allow: } }'])(
    'changes nothing where it says nothing: %j',
    (text) => expect(readRolePolicy(text)).toEqual(builtInGrants),
  );

  it('does not change what roles may by themselves', () => {
    const before = [...builtInGrants.get('employee')!];
    readRolePolicy('roles: { employee: { allow: [keys:write], deny: [rag:ask] } }');
    expect([...builtInGrants.get('employee')!]).toEqual(before);
  });

  it.each([
    [
      'roles:\n  auditer: {}',
      ['2: there is no role auditer: it is one of employee, admin, auditor, service'],
    ],
    ['roles:\n  auditor:\n    allow: [keys:wirte]', ['3: there is no permission keys:wirte']],
    ['roles:\n  auditor:\n    permit: []', ['3: auditor has allow and deny, and no permit']],
    ['rules: []', ['1: there is no section rules: roles is the only one']],
    ['roles: []', ['1: roles must be a mapping of names']],
    ['- roles', ['1: the policy must be a mapping of names']],
    ['roles:\n  auditor:\n    allow: keys:write', ['3: auditor.allow must be a list of permissions']],
    [
      'roles:\n  auditor:\n    allow:\n      - 7',
      ['4: auditor.allow must hold permissions, written as resource:action'],
    ],
    [
      'roles:\n  auditor:\n    allow: [keys:read]\n    deny: [keys:read]',
      ['4: keys:read stands here twice for auditor'],
    ],
    [
      'roles:\n  admin:\n    deny:\n      - keys:write\n      - users:write',
      [
        "4: admin can't be denied keys:write: nobody could undo it",
        "5: admin can't be denied users:write: nobody could undo it",
      ],
    ],
    ['roles:\n  employee: {}\n  employee: {}', ['3: Map keys must be unique']],
    ['roles:\n  auditor: &a { allow: [] }\n  admin: *a', ['3: admin must be a mapping of names']],
  ])('is refused with the line and the reason: %j', (text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  it('tells every fault at once, of broken YAML too', () => {
    expect(faultsOf('roles:\n  a: {}\n  b: {}')).toHaveLength(2);
    expect(faultsOf('roles: {\n  auditor: [')[0]).toMatch(/^\d: /);
    expect(faultsOf('x'.repeat(1_048_577))).toEqual(['1: the file is larger than 1 MiB']);
  });

  it('means for each role and permission what its text says, whatever it says', () => {
    const subset = fc.uniqueArray(fc.constantFrom(...permissions), { maxLength: 8 });
    const verdict = fc.tuple(subset, subset).map(([allow, rest]) => ({
      allow,
      deny: rest.filter((one) => !allow.includes(one) && one !== 'keys:write' && one !== 'users:write'),
    }));
    const policy = fc.dictionary(fc.constantFrom(...roles), verdict);
    fc.assert(
      fc.property(policy, (byRole) => {
        const grants = readRolePolicy(stringify({ roles: byRole }));
        for (const role of roles) {
          const { allow = [], deny = [] } =
            (byRole as Partial<Record<Role, { allow: Permission[]; deny: Permission[] }>>)[role] ?? {};
          for (const permission of permissions) {
            const expected =
              allow.includes(permission) ||
              (builtInGrants.get(role)!.has(permission) && !deny.includes(permission));
            expect(grants.get(role)!.has(permission)).toBe(expected);
          }
        }
      }),
    );
  });

  it('is read or refused, and nothing else, whatever stands in the file', () => {
    const piece = fc.constantFrom(
      'roles:',
      '\n',
      '  ',
      'auditor:',
      'allow:',
      '[',
      ']',
      '{',
      '}',
      '- ',
      'keys:read',
      '*a',
      '&a',
      '? ',
      '!!set',
      '|',
      '"',
      '#',
      '\t',
      '<<: ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece).map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          expect(Array.isArray(faultsOf(text))).toBe(true);
        },
      ),
    );
  });
});
