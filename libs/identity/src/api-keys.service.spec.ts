import { describe, expect, it } from 'vitest';
import { roles, type Principal, type Role } from '#call';
import { GatehouseError, NotFound } from '#errors';
import { formOf } from './api-key.ts';
import { stateOf } from './api-key.record.ts';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';

const DAY_MS = 86_400_000;
const as = (role: Role): Principal => ({ id: `the ${role}`, name: role, role, tier: 'pro', keyId: 'k' });
const root = as('admin');
const code = (expected: string) => expect.objectContaining({ code: expected }) as GatehouseError;

describe('creating a key', () => {
  it('shows the key once and keeps everything but it', async () => {
    const { keys, store } = inMemoryIdentity();
    const { secret, key } = await keys.create({ name: 'agent', role: 'service', tier: 'basic' }, root);
    expect(formOf(secret)).toBe('well-formed');
    expect(key).toMatchObject({ name: 'agent', role: 'service', tier: 'basic', createdBy: 'the admin' });
    expect(key.expiresAt.getTime() - key.createdAt.getTime()).toBe(90 * DAY_MS);
    expect(JSON.stringify(await store.list({ skip: 0, limit: 10 }))).not.toContain(secret);
  });

  it('gives it the life that the order or the setting says', async () => {
    const { keys } = inMemoryIdentity({ API_KEY_TTL_DAYS: '7' });
    const week = (await keys.create({ name: 'week', role: 'service' }, root)).key;
    const day = (await keys.create({ name: 'day', role: 'service', expiresInDays: 1 }, root)).key;
    expect([week, day].map((key) => (key.expiresAt.getTime() - key.createdAt.getTime()) / DAY_MS)).toEqual([
      7, 1,
    ]);
  });

  it('gives no name twice, until it is free again', async () => {
    const { keys } = inMemoryIdentity();
    const { key } = await keys.create({ name: 'Agent', role: 'service' }, root);
    await expect(keys.create({ name: 'aGENT', role: 'employee' }, root)).rejects.toEqual(code('CONFLICT'));
    await keys.revoke(key.id, {}, root);
    expect((await keys.create({ name: 'agent', role: 'employee' }, root)).key.principalId).not.toBe(
      key.principalId,
    );
  });

  it.each(roles)('lets a %s hand out no more than it has', async (role) => {
    const { keys } = inMemoryIdentity();
    const allowed: string[] = [];
    for (const other of roles) {
      await keys.create({ name: other, role: other, tier: 'pro' }, as(role)).then(
        () => allowed.push(other),
        (error: unknown) => expect(error).toEqual(code('ACCESS_REFUSED')),
      );
    }
    expect(allowed).toEqual(role === 'admin' ? [...roles] : [role]);
  });

  it('lets nobody but an admin give away another tier', async () => {
    const { keys } = inMemoryIdentity();
    const order = { name: 'x', role: 'service', tier: 'enterprise' } as const;
    await expect(keys.create(order, as('service'))).rejects.toEqual(code('ACCESS_REFUSED'));
    await expect(keys.create(order, root)).resolves.toBeDefined();
  });
});

describe('rotating a key', () => {
  it('passes on everything but the key', async () => {
    const { keys } = inMemoryIdentity();
    const { key: old, secret } = await keys.create({ name: 'agent', role: 'service', tier: 'pro' }, root);
    const next = await keys.rotate(old.id, {}, root);
    const { principalId, name, role, tier } = old;
    expect(next.key).toMatchObject({ principalId, name, role, tier, rotatedFrom: old.id });
    expect(next.key.id).not.toBe(old.id);
    expect(next.secret).not.toBe(secret);
  });

  it.each([
    [undefined, 24],
    [0, 0],
    [5, 5],
    [2160, 2160],
  ])('with an overlap of %s hours ends the old key after %i', async (overlapHours, hours) => {
    const { keys, store } = inMemoryIdentity();
    const { key } = await keys.create({ name: 'agent', role: 'service', expiresInDays: 300 }, root);
    const next = await keys.rotate(key.id, { overlapHours }, root);
    const old = (await store.get(key.id))!;
    expect(old.expiresAt.getTime() - next.key.createdAt.getTime()).toBe(hours * 3_600_000);
    expect(stateOf(old)).toBe(hours === 0 ? 'expired' : 'superseded');
  });

  it('never makes the old key live longer', async () => {
    const { keys, store } = inMemoryIdentity();
    const { key } = await keys.create({ name: 'agent', role: 'service', expiresInDays: 1 }, root);
    await keys.rotate(key.id, { overlapHours: 48 }, root);
    expect((await store.get(key.id))?.expiresAt).toEqual(key.expiresAt);
  });

  it('is done once, however many ask at once', async () => {
    const { keys, store } = inMemoryIdentity();
    const { key } = await keys.create({ name: 'agent', role: 'service' }, root);
    const done = await Promise.allSettled(
      Array.from({ length: 9 }, async () => keys.rotate(key.id, {}, root)),
    );
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await store.list({ skip: 0, limit: 99 })).total).toBe(2);
  });

  it('refuses a key that is revoked, superseded, unknown, or above the caller', async () => {
    const { keys } = inMemoryIdentity();
    const { key } = await keys.create({ name: 'agent', role: 'service', tier: 'pro' }, root);
    const { key: next } = await keys.rotate(key.id, {}, root);
    await expect(keys.rotate(key.id, {}, root)).rejects.toEqual(code('CONFLICT'));
    await expect(keys.rotate(next.id, {}, as('employee'))).rejects.toEqual(code('ACCESS_REFUSED'));
    await keys.revoke(next.id, {}, root);
    await expect(keys.rotate(next.id, {}, root)).rejects.toEqual(code('CONFLICT'));
    await expect(keys.rotate('nothing', {}, root)).rejects.toThrow(NotFound);
  });
});

describe('revoking a key', () => {
  it('keeps the first time it was done', async () => {
    const { keys } = inMemoryIdentity();
    const { key } = await keys.create({ name: 'agent', role: 'service' }, root);
    const { revokedAt } = await keys.revoke(key.id, {}, root);
    expect(revokedAt).toBeInstanceOf(Date);
    expect((await keys.revoke(key.id, {}, root)).revokedAt).toEqual(revokedAt);
  });

  it('refuses what is unknown or above the caller', async () => {
    const { keys } = inMemoryIdentity();
    const { key } = await keys.create({ name: 'agent', role: 'service' }, root);
    await expect(keys.revoke('nothing', {}, root)).rejects.toThrow(NotFound);
    await expect(keys.revoke(key.id, {}, as('employee'))).rejects.toEqual(code('ACCESS_REFUSED'));
  });

  it('leaves the last key of an admin, unless it is forced', async () => {
    const { keys } = inMemoryIdentity();
    const { key: one } = await keys.create({ name: 'one', role: 'admin' }, root);
    const { key: two } = await keys.create({ name: 'two', role: 'admin' }, root);
    await keys.revoke(one.id, {}, root);
    await expect(keys.revoke(two.id, {}, root)).rejects.toEqual(code('CONFLICT'));
    expect(stateOf(await keys.revoke(two.id, { force: true }, root))).toBe('revoked');
  });

  it('leaves no admin key at all where the setting names an admin', async () => {
    const { keys } = inMemoryIdentity({ GATEHOUSE_API_KEY: 'x'.repeat(32) });
    const { key } = await keys.create({ name: 'one', role: 'admin' }, root);
    expect(stateOf(await keys.revoke(key.id, {}, root))).toBe('revoked');
  });
});
