import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Settlement, type Call, type Outcome } from '#call';
import { databases, useDatabase } from '#testing';
import { DatabaseKeyStore } from './database-key-store.ts';
import { FirstKey } from './first-key.ts';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';

const PRINTED = /gk_[0-9A-Za-z]{39}/g;

describe.each(databases)('the first key on $name', (kind) => {
  const database = useDatabase(kind);
  let stdout = '';
  const settled: [Call, Outcome][] = [];
  const printed = () => stdout.match(PRINTED) ?? [];

  function replica(env: Record<string, string> = {}) {
    const identity = inMemoryIdentity(env, new DatabaseKeyStore(database()));
    const settlement = new Settlement([{ record: (call, outcome) => void settled.push([call, outcome]) }]);
    const { keys, store, configured } = identity;
    return { ...identity, firstKey: new FirstKey(keys, store, configured, database(), settlement) };
  }

  beforeEach(async () => {
    await database().kysely.deleteFrom('api_keys').execute();
    stdout = '';
    settled.length = 0;
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      stdout += String(text);
      return true;
    });
  });
  afterEach(() => void vi.restoreAllMocks());

  it('is an admin of the tier enterprise, printed once, and on record', async () => {
    const { firstKey, verifier } = replica();
    await firstKey.ensure();
    expect(printed()).toHaveLength(1);
    const [[call, outcome]] = settled as [[Call, Outcome]];
    expect(outcome).toMatchObject({ result: 'allowed', event: 'api_key_created' });
    expect(JSON.stringify(call)).not.toContain(printed()[0]);
    expect(await verifier.verify(printed()[0]!, call)).toMatchObject({ role: 'admin', tier: 'enterprise' });
  });

  it('is kept nowhere in clear', async () => {
    await replica().firstKey.ensure();
    const everything = await database().kysely.selectFrom('api_keys').selectAll().execute();
    expect(everything).toHaveLength(1);
    expect(JSON.stringify(everything)).not.toContain(printed()[0]!.slice(3));
  });

  it('is made by one of the replicas that start at once', async () => {
    await Promise.all(Array.from({ length: 4 }, async () => replica().firstKey.ensure()));
    expect(printed()).toHaveLength(1);
    expect(settled).toHaveLength(1);
    expect((await replica().store.list({ skip: 0, limit: 9 })).total).toBe(1);
  });

  it('is made at the first start only, even when all keys are revoked', async () => {
    const { firstKey, keys, store } = replica();
    await firstKey.ensure();
    const { id } = (await store.list({ skip: 0, limit: 1 })).keys[0]!;
    await keys.revoke(
      id,
      { force: true },
      { id: 'r', name: 'r', role: 'admin', tier: undefined, keyId: 'r' },
    );
    await replica().firstKey.ensure();
    expect(printed()).toHaveLength(1);
  });

  it('is not made where the setting names an admin', async () => {
    const { firstKey, store } = replica({ GATEHOUSE_API_KEY: 'x'.repeat(32) });
    await firstKey.ensure();
    expect(stdout).toBe('');
    expect(await store.isEmpty()).toBe(true);
  });
});
