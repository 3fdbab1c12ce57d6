import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Call, type Door, type Operation } from '#call';
import { CredentialInvalid, CredentialMissing, CredentialUnknown } from '#errors';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';

const ADMIN_KEY = 'the-admin-key-of-this-very-test-0123';
const guarded: Operation = { name: 'a.b', permission: 'conversations:read' };
const open: Operation = { name: 'health.live', public: true };
const doors: Door[] = ['rest', 'mcp'];

function visit(
  door: Door,
  { operation = guarded, authorization }: { operation?: Operation; authorization?: string },
) {
  const call = new Call({ door, address: '192.0.2.1', authorization });
  call.operation = operation;
  const args = door === 'rest' ? [{ call }] : [{}, call];
  const type = door === 'rest' ? 'http' : 'mcp';
  const context = {
    getType: () => type,
    getArgByIndex: (index: number) => args[index],
  } as unknown as ExecutionContext;
  return { call, context };
}

describe.each(doors)('IdentityGuard at the door %s', (door) => {
  const { guard, keys } = inMemoryIdentity({ GATEHOUSE_API_KEY: ADMIN_KEY });

  it('says who calls, at once when it knows the key', async () => {
    const root = { id: 'r', name: 'r', role: 'admin', tier: undefined, keyId: 'r' } as const;
    const { secret, key } = await keys.create({ name: `agent ${door}`, role: 'employee' }, root);
    const first = visit(door, { authorization: `Bearer ${secret}` });
    expect(await guard.canActivate(first.context)).toBe(true);
    const second = visit(door, { authorization: `bearer ${secret}` });
    expect(guard.canActivate(second.context)).toBe(true);
    for (const { call } of [first, second]) {
      expect(call.principal).toEqual({
        id: key.principalId,
        name: `agent ${door}`,
        role: 'employee',
        tier: undefined,
        keyId: key.id,
      });
    }
  });

  it('asks no second time of a call whose caller is proven', () => {
    const { call, context } = visit(door, { authorization: 'Bearer nobody' });
    const proven = { id: 'p', name: 'p', role: 'service', tier: undefined, keyId: 'k' } as const;
    call.principal = proven;
    expect(guard.canActivate(context)).toBe(true);
    expect(call.principal).toBe(proven);
  });

  it.each([
    ['no credential', undefined, CredentialMissing],
    ['another scheme', 'Basic YTpi', CredentialInvalid],
    ['an unknown key', 'Bearer nobody', CredentialUnknown],
  ])('refuses %s', (_, authorization, error) => {
    const { call, context } = visit(door, authorization === undefined ? {} : { authorization });
    expect(() => guard.canActivate(context)).toThrow(error);
    expect(call.principal).toBeUndefined();
  });

  it.each([undefined, 'Bearer nobody', 'Basic YTpi', `Bearer ${ADMIN_KEY}`])(
    'lets anybody call what is public, with "%s" too',
    (authorization) => {
      const { call, context } = visit(door, { operation: open, ...(authorization && { authorization }) });
      expect(guard.canActivate(context)).toBe(true);
      expect(call.principal).toBeUndefined();
      expect(call.notes).toBeUndefined();
    },
  );

  it('is closed where no operation was declared', () => {
    const { call, context } = visit(door, {});
    call.operation = undefined;
    expect(() => guard.canActivate(context)).toThrow(CredentialMissing);
  });
});
