import { describe, expect, it } from 'vitest';
import type { Principal } from '#call';
import { Call } from '#call';
import { Doubts } from './doubts.ts';
import { KeyNews } from './key-news.ts';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';
import { MemoryKeyStore } from './testing/memory-key-store.ts';
import { WatchedKeyStore } from './testing/watched-key-store.ts';

const ADMIN: Principal = { id: 'x', name: 'x', role: 'admin', tier: undefined, keyId: 'configured' };
const AGES = 400;

/** What one replica tells, the others hear. */
class SharedNews extends KeyNews {
  static readonly listeners = new Set<(keyId: string) => void>();
  override tell(keyId: string): void {
    for (const listener of SharedNews.listeners) listener(keyId);
  }
  override listen(listener: (keyId: string) => void): void {
    SharedNews.listeners.add(listener);
  }
  override close(): void {}
}

function replicaOver(store: MemoryKeyStore) {
  const parts = inMemoryIdentity({}, store, new SharedNews());
  const doubts = new Doubts(parts.verdicts, parts.authorities);
  const told: string[] = [];
  doubts.listen((keyId) => told.push(keyId));
  const prove = async (key: string) =>
    parts.verifier.verify(key, new Call({ door: 'ws', address: '192.0.2.1', authorization: undefined }));
  const issue = async (name: string) =>
    parts.keys.create({ name, role: 'service', expiresInDays: AGES }, ADMIN);
  return { ...parts, doubts, told, prove, issue };
}

describe('keys that may be good no more', () => {
  it('are told at once where one is revoked or rotated, here or on another replica', async () => {
    const store = new MemoryKeyStore();
    const [here, there] = [replicaOver(store), replicaOver(store)];
    const [one, two] = [await here.issue('one'), await here.issue('two')];
    await there.prove(one.secret);
    await here.keys.revoke(one.key.id, {}, ADMIN);
    await here.keys.rotate(two.key.id, {}, ADMIN);
    for (const { told } of [here, there]) expect(new Set(told)).toEqual(new Set([one.key.id, two.key.id]));
    await expect(there.prove(one.secret)).rejects.toMatchObject({ code: 'CREDENTIAL_UNKNOWN' });
  });

  it('are told at once, each by its id, where it is their owner who changes, here or on another replica', async () => {
    const store = new MemoryKeyStore();
    const [here, there] = [replicaOver(store), replicaOver(store)];
    const [one, two] = [await here.issue('one'), await here.issue('two')];
    for (const { secret } of [one, two]) await there.prove(secret);
    await store.revoke(one.key.id, new Date(), 'none');
    here.verdicts.forgetAllOf(one.key.principalId);
    expect(there.told).toEqual([one.key.id]);
    await expect(there.prove(one.secret)).rejects.toMatchObject({ code: 'CREDENTIAL_UNKNOWN' });
    expect(await there.prove(two.secret)).toMatchObject({ keyId: two.key.id });
  });

  it('are not remembered as good by an answer that was on its way when the news came', async () => {
    const store = new WatchedKeyStore();
    const [here, there] = [replicaOver(store), replicaOver(store)];
    const { key, secret } = await here.issue('one');
    const { promise, resolve } = Promise.withResolvers<void>();
    store.gate = promise;
    const first = there.prove(secret);
    await expect.poll(() => store.asked).toBe(1);
    await store.revoke(key.id, new Date(), 'none');
    here.verdicts.forget(key.id);
    // It asks again, and does not wait for the answer of before.
    const second = there.prove(secret);
    resolve();
    await Promise.allSettled([first, second]);
    await expect(second).rejects.toMatchObject({ code: 'CREDENTIAL_UNKNOWN' });
    await expect(there.prove(secret)).rejects.toMatchObject({ code: 'CREDENTIAL_UNKNOWN' });
  });

  it('are found by a question about all, and no others', async () => {
    const store = new MemoryKeyStore();
    const { doubts, told, issue, prove } = replicaOver(store);
    const keys = await Promise.all(['a', 'b', 'c'].map(issue));
    const principals = await Promise.all(keys.map(({ secret }) => prove(secret)));
    await doubts.look([...principals, ADMIN]);
    expect(told).toEqual([]);
    await store.revoke(keys[1]!.key.id, new Date(), 'none');
    await doubts.look([...principals, ADMIN]);
    expect(told).toEqual([keys[1]!.key.id]);
    await expect(prove(keys[1]!.secret)).rejects.toMatchObject({ code: 'CREDENTIAL_UNKNOWN' });
    expect(await prove(keys[0]!.secret)).toMatchObject({ keyId: keys[0]!.key.id });
  });

  it('cost no guess when they are shown again, however many were revoked', async () => {
    const store = new MemoryKeyStore();
    const { keys, issue, prove, budget } = replicaOver(store);
    const issued = await Promise.all(Array.from({ length: 50 }, (_, index) => issue(`key ${index}`)));
    await Promise.all(issued.map(({ secret }) => prove(secret)));
    for (const { key } of issued) await keys.revoke(key.id, {}, ADMIN);
    for (const { secret } of issued)
      await expect(prove(secret)).rejects.toMatchObject({ code: 'CREDENTIAL_UNKNOWN' });
    expect(budget.take('192.0.2.1')).toBeUndefined();
  });
});
