import type { ExecutionContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, type Principal } from '#call';
import { CredentialExpired, CredentialUnknown } from '#errors';
import { ConfiguredAdmin } from './configured-admin.ts';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';

const root: Principal = { id: 'r', name: 'r', role: 'admin', tier: undefined, keyId: 'r' };
const DAY_MS = 86_400_000;

async function withKey() {
  const { keys, standing, guard } = inMemoryIdentity();
  const { key } = await keys.create({ name: 'agent', role: 'employee', expiresInDays: 2 }, root);
  const { principalId: id, name, role, tier, id: keyId } = key;
  const principal: Principal = { id, name, role, tier, keyId };
  return { keys, standing, guard, key, principal };
}

describe('who was let in before', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('still is while the key holds', async () => {
    const { standing, principal } = await withKey();
    expect(await standing.renew(principal)).toEqual(principal);
  });

  it('is not once the key was revoked', async () => {
    const { keys, standing, key, principal } = await withKey();
    await keys.revoke(key.id, {}, root);
    await expect(standing.renew(principal)).rejects.toThrow(CredentialUnknown);
  });

  it('is not once the key has expired', async () => {
    const { standing, principal } = await withKey();
    vi.setSystemTime(Date.now() + 2 * DAY_MS);
    await expect(standing.renew(principal)).rejects.toThrow(CredentialExpired);
  });

  it('still is by the key that took the place of an expired one, until that is revoked', async () => {
    const { keys, standing, key, principal } = await withKey();
    const { key: next } = await keys.rotate(key.id, { overlapHours: 0, expiresInDays: 9 }, root);
    vi.setSystemTime(Date.now() + 3 * DAY_MS);
    expect(await standing.renew(principal)).toEqual({ ...principal, keyId: next.id });
    await keys.revoke(next.id, {}, root);
    await expect(standing.renew(principal)).rejects.toThrow(CredentialUnknown);
  });

  it('is not by a key that nobody knows', async () => {
    const { standing } = await withKey();
    await expect(standing.renew(root)).rejects.toThrow(CredentialUnknown);
  });

  it('is the configured administrator for as long as one is configured', async () => {
    const { principal } = ConfiguredAdmin;
    const { standing } = inMemoryIdentity({ GATEHOUSE_API_KEY: 'the-admin-key-of-this-very-test-0123' });
    expect(await standing.renew(principal)).toBe(principal);
    await expect((await withKey()).standing.renew(principal)).rejects.toThrow(CredentialUnknown);
  });

  it('is who the guard says calls, whatever credential there is not', async () => {
    const { guard, keys, key, principal } = await withKey();
    const call = new Call({ door: 'mcp', address: '192.0.2.1', authorization: undefined });
    call.operation = { name: 'a.b', permission: 'tools:call' };
    call.onBehalfOf = principal;
    const context = {
      getType: () => 'mcp',
      getArgByIndex: () => call,
    } as unknown as ExecutionContext;
    expect(await guard.canActivate(context)).toBe(true);
    expect(call.principal).toEqual(principal);
    await keys.revoke(key.id, {}, root);
    await expect(guard.canActivate(context)).rejects.toThrow(CredentialUnknown);
  });
});
