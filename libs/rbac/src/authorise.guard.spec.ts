import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Call, roles, type Operation, type Principal, type Role } from '#call';
import { AccessRefused } from '#errors';
import { AuthoriseGuard, isGranted } from './index.ts';
import { permissionsOf } from './roles.ts';

const guard = new AuthoriseGuard();

function contexts(operation: Operation | undefined, role?: Role): [string, ExecutionContext][] {
  const call = new Call({ door: 'rest', address: '127.0.0.1', authorization: undefined });
  const principal = { id: 'p', name: 'n', tier: undefined, keyId: 'k' };
  call.operation = operation;
  call.principal = role && ({ ...principal, role } satisfies Principal);
  return [
    ['http', context('http', [{ call }])],
    ['mcp', context('mcp', [{}, call])],
  ];
}

function context(type: string, args: unknown[]): ExecutionContext {
  return {
    getType: () => type,
    getArgByIndex: (index: number) => args[index],
  } as unknown as ExecutionContext;
}

function passes(at: ExecutionContext): boolean {
  try {
    return guard.canActivate(at);
  } catch (error) {
    if (error instanceof AccessRefused) return false;
    throw error;
  }
}

describe('AuthoriseGuard', () => {
  it.each(roles)('lets %s through exactly where the table says so, at both doors', (role) => {
    for (const permission of permissionsOf.admin) {
      for (const [door, at] of contexts({ name: 'a.b', permission }, role)) {
        expect(passes(at), `${door} ${permission}`).toBe(isGranted(role, permission));
      }
    }
  });

  it('says which permission was missing', () => {
    const [[, at]] = contexts({ name: 'keys.create', permission: 'keys:write' }, 'employee') as [
      [string, ExecutionContext],
    ];
    expect(() => guard.canActivate(at)).toThrow('Not allowed: keys.create needs the permission keys:write');
  });

  it('lets anyone call what is public', () => {
    for (const [, at] of contexts({ name: 'health', public: true })) expect(guard.canActivate(at)).toBe(true);
  });

  it('is closed without a principal, and without an operation', () => {
    for (const [, at] of contexts({ name: 'a.b', permission: 'mcp:use' })) {
      expect(() => guard.canActivate(at)).toThrow(AccessRefused);
    }
    for (const [, at] of contexts(undefined, 'admin'))
      expect(() => guard.canActivate(at)).toThrow(AccessRefused);
  });
});
