import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Principal } from '#call';
import { databases, useDatabase } from '#testing';
import type { ApiKey } from './api-key.record.ts';
import { DatabaseKeyStore } from './database-key-store.ts';
import type { KeyStore } from './key-store.ts';
import { MemoryKeyStore } from './testing/memory-key-store.ts';

const NOW = Date.UTC(2030, 0, 1);
const at = (ms: number) => new Date(NOW + ms);
let serial = 0;

function newKey(changes: Partial<ApiKey> = {}): ApiKey {
  serial++;
  return {
    id: randomUUID(),
    principalId: randomUUID(),
    name: `key ${serial}`,
    role: 'service',
    tier: undefined,
    createdAt: at(serial),
    createdBy: 'somebody',
    expiresAt: at(1_000_000),
    lastUsedAt: undefined,
    supersededAt: undefined,
    revokedAt: undefined,
    rotatedFrom: undefined,
    ...changes,
  };
}

async function kept(store: KeyStore, changes: Partial<ApiKey> = {}): Promise<ApiKey> {
  const key = newKey(changes);
  expect(await store.insert(key, `digest of ${key.id}`)).toBe(true);
  return key;
}

function callerWith({ id, principalId, name, role }: ApiKey): Principal {
  return { id: principalId, name, role, tier: undefined, keyId: id };
}

/** What every store of keys must do. */
function holdsTheContract(storeOf: () => KeyStore): void {
  it('begins empty', async () => {
    expect(await storeOf().isEmpty()).toBe(true);
    expect(await storeOf().list({ skip: 0, limit: 10 })).toEqual({ keys: [], total: 0 });
  });

  it('gives back a key as it was kept, by its digest and by its id', async () => {
    const key = await kept(storeOf(), { tier: 'pro', name: "Ops' keys; drop table — ünïcode 鍵" });
    expect(await storeOf().find([`digest of ${key.id}`])).toEqual(key);
    expect(await storeOf().get(key.id)).toEqual(key);
    expect(await storeOf().isEmpty()).toBe(false);
  });

  it('tells the good ones among many', async () => {
    const [good, late, revoked, rotated] = [
      await kept(storeOf()),
      await kept(storeOf(), { expiresAt: at(10) }),
      await kept(storeOf()),
      await kept(storeOf()),
    ];
    await storeOf().revoke(revoked.id, at(5), 'none');
    const next = newKey({ rotatedFrom: rotated.id });
    await storeOf().supersede(next, `digest of ${next.id}`, at(20));
    const ids = [good, late, revoked, rotated].map(({ id }) => id);
    const asked = [...ids, randomUUID()];
    const [goodId, lateId, , rotatedId] = ids;
    expect(await storeOf().goodAmong(asked, at(9))).toEqual(new Set([goodId, lateId, rotatedId]));
    expect(await storeOf().goodAmong(asked, at(10))).toEqual(new Set([goodId, rotatedId]));
    expect(await storeOf().goodAmong(asked, at(20))).toEqual(new Set([goodId]));
    expect(await storeOf().goodAmong([], at(0))).toEqual(new Set());
  });

  it('finds a key by any of several digests, and by the one that its digest was moved to', async () => {
    const key = await kept(storeOf());
    const [old, moved] = [`digest of ${key.id}`, `moved of ${key.id}`];
    expect(await storeOf().find([moved, old])).toEqual(key);
    await storeOf().moveDigest(old, moved);
    await storeOf().moveDigest('of nobody', 'of somebody');
    expect(await storeOf().find([moved])).toEqual(key);
    expect(await storeOf().find([old, 'of somebody'])).toBeUndefined();
  });

  it.each(['', 'x', "' or '1'='1", '%', 'digest of '])('finds nothing by "%s"', async (text) => {
    expect(await storeOf().find([text])).toBeUndefined();
    expect(await storeOf().get(text)).toBeUndefined();
  });

  it('keeps a name once while it is in use, letter case aside', async () => {
    const { id, name } = await kept(storeOf(), { name: 'Some Name' });
    expect(await storeOf().insert(newKey({ name: 'sOME nAME' }), 'other')).toBe(false);
    expect(await storeOf().find(['other'])).toBeUndefined();
    await storeOf().revoke(id, at(0), 'none');
    expect(await storeOf().insert(newKey({ name }), 'other')).toBe(true);
  });

  it('keeps one of many that come at once with the same name', async () => {
    const name = `wanted ${randomUUID()}`;
    const attempts = Array.from({ length: 8 }, async (_, n) =>
      storeOf().insert(newKey({ name }), `${name} ${n}`),
    );
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
  });

  it('lists the youngest first, page by page', async () => {
    const keys = [];
    for (let n = 0; n < 5; n++) keys.push(await kept(storeOf(), { createdAt: at(5_000_000 + n) }));
    const { total } = await storeOf().list({ skip: 0, limit: 1 });
    const first = await storeOf().list({ skip: 0, limit: 3 });
    const second = await storeOf().list({ skip: 3, limit: 2 });
    expect([...first.keys, ...second.keys]).toEqual(keys.toReversed());
    expect(first.total).toBe(total);
    expect(await storeOf().list({ skip: total, limit: 5 })).toEqual({ keys: [], total });
  });

  it('puts a key in the place of another one, which ends as told and not later than it would', async () => {
    const long = await kept(storeOf());
    const short = await kept(storeOf(), { expiresAt: at(500) });
    for (const old of [long, short]) {
      const next = newKey({ name: old.name, principalId: old.principalId, rotatedFrom: old.id });
      expect(await storeOf().supersede(next, `digest of ${next.id}`, at(1000))).toBe(true);
      const expiresAt = old === long ? at(1000) : at(500);
      expect(await storeOf().get(old.id)).toEqual({ ...old, supersededAt: next.createdAt, expiresAt });
      expect(await storeOf().successorOf(old.id)).toEqual(next);
      expect(await storeOf().successorOf(next.id)).toBeUndefined();
      expect(await storeOf().find([`digest of ${next.id}`])).toEqual(next);
    }
  });

  it('supersedes a key once, and never a revoked or unknown one', async () => {
    const old = await kept(storeOf());
    const heirs = Array.from({ length: 6 }, () => newKey({ name: old.name, rotatedFrom: old.id }));
    const done = await Promise.all(heirs.map(async (heir) => storeOf().supersede(heir, heir.id, at(9))));
    expect(done.filter(Boolean)).toHaveLength(1);
    const heir = heirs[done.indexOf(true)]!;
    await storeOf().revoke(heir.id, at(1), 'none');
    for (const rotatedFrom of [heir.id, 'nobody']) {
      expect(await storeOf().supersede(newKey({ rotatedFrom }), 'late', at(9))).toBe(false);
    }
    expect(await storeOf().find(['late'])).toBeUndefined();
  });

  it('revokes once: the first time stands', async () => {
    const { id } = await kept(storeOf());
    expect(await storeOf().revoke(id, at(1), 'last-admin')).toBe(true);
    expect(await storeOf().revoke(id, at(2), 'last-admin')).toBe(true);
    expect((await storeOf().get(id))?.revokedAt).toEqual(at(1));
  });

  it('spares the last admin whose key works, also when two revoke each other at once', async () => {
    const expired = await kept(storeOf(), { role: 'admin', expiresAt: at(10) });
    const one = await kept(storeOf(), { role: 'admin' });
    const two = await kept(storeOf(), { role: 'admin' });
    const done = await Promise.all(
      [one, two].map(async ({ id }) => storeOf().revoke(id, at(10), 'last-admin')),
    );
    expect(done.filter(Boolean)).toHaveLength(1);
    const last = done[0] ? two : one;
    expect(await storeOf().revoke(expired.id, at(10), 'last-admin')).toBe(true);
    expect(await storeOf().revoke(last.id, at(10), 'last-admin')).toBe(false);
    expect((await storeOf().get(last.id))?.revokedAt).toBeUndefined();
    expect(await storeOf().revoke(last.id, at(10), 'none')).toBe(true);
  });

  it('notes the last use of many keys at once, and never an earlier one', async () => {
    const [one, two] = [await kept(storeOf()), await kept(storeOf())];
    const uses = new Map([
      [one.id, at(7)],
      [two.id, at(8)],
      ['nobody', at(9)],
    ]);
    await storeOf().touch(uses);
    await storeOf().touch(new Map([[one.id, at(3)]]));
    expect((await storeOf().get(one.id))?.lastUsedAt).toEqual(at(7));
    expect((await storeOf().get(two.id))?.lastUsedAt).toEqual(at(8));
  });
}

describe('MemoryKeyStore', () => {
  const store = new MemoryKeyStore();
  holdsTheContract(() => store);
});

describe.each(databases)('DatabaseKeyStore on $name', (kind) => {
  const database = useDatabase(kind);
  const store = () => new DatabaseKeyStore(database());
  holdsTheContract(store);

  it('keeps what keys do that rotate and revoke each other, and themselves, at once', async () => {
    for (let round = 0; round < 10; round++) {
      const [one, two] = [await kept(store(), { role: 'admin' }), await kept(store(), { role: 'admin' })];
      const rotate = (key: ApiKey, who: ApiKey) => {
        const next = newKey({ name: key.name, rotatedFrom: key.id });
        return store().supersede(next, next.id, at(1000), callerWith(who));
      };
      const done = await Promise.all([
        rotate(one, two),
        rotate(two, one),
        rotate(one, one),
        rotate(two, two),
        store().revoke(randomUUID(), at(1), 'last-admin'),
      ]);
      expect(done.slice(0, 4).filter(Boolean)).toHaveLength(2);
    }
  });
});
