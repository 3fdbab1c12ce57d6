import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Call, type Operation, type Role } from '#call';
import { Hidden } from '#errors';
import { VisibilityGuard } from './index.ts';

const guard = new VisibilityGuard();
const erase: Operation = { name: 'erase', permission: 'conversations:delete' };

function visit(offered: Operation | undefined, role?: Role): boolean {
  const call = new Call({ door: 'mcp', address: '127.0.0.1', authorization: undefined });
  call.offered = offered;
  if (role) call.principal = { id: 'p', name: 'n', role, tier: undefined, keyId: 'k' };
  return guard.canActivate({
    getType: () => 'mcp',
    getArgByIndex: (index: number) => [{}, call][index],
  } as unknown as ExecutionContext);
}

describe('VisibilityGuard', () => {
  it('lets through what the role may use, what is public, and what the door does not hide', () => {
    expect(visit(erase, 'admin')).toBe(true);
    expect(visit({ name: 'rules', public: true })).toBe(true);
    expect(visit(undefined, 'auditor')).toBe(true);
  });

  it.each(['auditor', undefined] as const)('hides all else from %s, and says what is missing', (role) => {
    expect(() => visit(erase, role)).toThrow(Hidden);
    expect(() => visit(erase, role)).toThrow(
      expect.objectContaining({
        code: 'NOT_FOUND',
        refusal: expect.objectContaining({ code: 'ACCESS_REFUSED', missing: 'conversations:delete' }),
      }),
    );
  });
});
