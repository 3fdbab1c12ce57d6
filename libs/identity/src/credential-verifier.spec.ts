import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, type Principal } from '#call';
import { CredentialExpired, CredentialUnknown, GatehouseError } from '#errors';
import { mintKey } from './api-key.ts';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';
import { WatchedKeyStore } from './testing/watched-key-store.ts';

const root: Principal = { id: 'root', name: 'root', role: 'admin', tier: 'enterprise', keyId: 'root' };
const DAY_MS = 86_400_000;

function house(env: Record<string, string> = {}) {
  const store = new WatchedKeyStore();
  return { ...inMemoryIdentity(env, store), store };
}
const callFrom = (address = '192.0.2.1') => new Call({ door: 'rest', address, authorization: undefined });
const issue = async ({ keys }: ReturnType<typeof house>, expiresInDays = 90) =>
  keys.create({ name: 'agent', role: 'service', tier: 'pro', expiresInDays }, root);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a proven key', () => {
  it('is whose it is: asked once, then known at once', async () => {
    const here = house();
    const { secret, key } = await issue(here);
    const principal = { id: key.principalId, name: 'agent', role: 'service', tier: 'pro', keyId: key.id };
    expect(await here.verifier.verify(secret, callFrom())).toEqual(principal);
    expect(here.verifier.verify(secret, callFrom())).toEqual(principal);
    expect(here.store.asked).toBe(1);
  });

  it('is asked once for however many calls that come together', async () => {
    const here = house();
    const { secret, key } = await issue(here);
    const all = await Promise.all(
      Array.from({ length: 200 }, async () => here.verifier.verify(secret, callFrom())),
    );
    expect(new Set(all.map((principal) => principal.keyId))).toEqual(new Set([key.id]));
    expect(here.store.asked).toBe(1);
  });

  it('works until the last millisecond of its life, and not at its end', async () => {
    const here = house();
    const { secret, key } = await issue(here, 1);
    await here.verifier.verify(secret, callFrom());
    vi.setSystemTime(key.expiresAt.getTime() - 1);
    expect(here.verifier.verify(secret, callFrom())).toMatchObject({ keyId: key.id });
    vi.setSystemTime(key.expiresAt);
    const call = callFrom();
    expect(() => here.verifier.verify(secret, call)).toThrow(CredentialExpired);
    expect(call.notes).toEqual({ credential: 'expired', key_id: key.id });
  });

  it('is expired also when it comes for the first time', async () => {
    const here = house();
    const { secret } = await issue(here, 1);
    vi.advanceTimersByTime(DAY_MS);
    await expect(here.verifier.verify(secret, callFrom())).rejects.toThrow(CredentialExpired);
  });

  it('is renewed behind the calls that use it, so that none of them waits', async () => {
    const here = house();
    const { secret } = await issue(here);
    await here.verifier.verify(secret, callFrom());
    for (let at = 0; at < 20; at++) {
      await vi.advanceTimersByTimeAsync(300);
      expect(here.verifier.verify(secret, callFrom())).not.toBeInstanceOf(Promise);
      expect(here.verifier.verify(secret, callFrom())).not.toBeInstanceOf(Promise);
    }
    expect(here.store.asked).toBe(11);
  });
});

describe('a key that is revoked', () => {
  it('is refused at once in the same process, also when the store was being asked', async () => {
    const here = house();
    const { secret, key } = await issue(here);
    await here.verifier.verify(secret, callFrom());
    await vi.advanceTimersByTimeAsync(600);
    const gate = Promise.withResolvers<void>();
    here.store.gate = gate.promise;
    void here.verifier.verify(secret, callFrom()); // starts a renewal that has read the key before it is revoked

    await here.keys.revoke(key.id, {}, root);
    here.store.gate = undefined;
    await expect(here.verifier.verify(secret, callFrom())).rejects.toThrow(CredentialUnknown);
    gate.resolve(); // The answer of before comes last, and must not count.
    await vi.advanceTimersByTimeAsync(1);
    expect(() => here.verifier.verify(secret, callFrom())).toThrow(CredentialUnknown);
  });

  it.each([0, 250, 499, 500, 750, 999])(
    'is refused within a second elsewhere, last used %i ms after',
    async (used) => {
      const here = house();
      const elsewhere = inMemoryIdentity({}, here.store);
      const { secret, key } = await issue(here);
      await elsewhere.verifier.verify(secret, callFrom());
      await here.keys.revoke(key.id, {}, root);
      await vi.advanceTimersByTimeAsync(used);
      await elsewhere.verifier.verify(secret, callFrom());
      await vi.advanceTimersByTimeAsync(1000 - used);
      await expect(async () => elsewhere.verifier.verify(secret, callFrom())).rejects.toThrow(
        CredentialUnknown,
      );
    },
  );

  it('is told from an unknown one in the record, and by nothing that the caller sees', async () => {
    const here = house();
    const { secret, key } = await issue(here);
    await here.keys.revoke(key.id, {}, root);
    const calls = [callFrom(), callFrom(), callFrom(), callFrom()];
    const tokens = [secret, mintKey(), `${mintKey().slice(0, -1)}!`, swapped(mintKey())];
    const errors = await Promise.all(calls.map(async (call, at) => refusal(here, tokens[at]!, call)));
    expect(calls.map(({ notes }) => notes)).toEqual([
      { credential: 'revoked', key_id: key.id },
      { credential: 'unknown' },
      { credential: 'foreign' },
      { credential: 'mistyped' },
    ]);
    expect(
      new Set(errors.map(({ code, message, details }) => JSON.stringify({ code, message, details }))),
    ).toEqual(new Set(['{"code":"CREDENTIAL_UNKNOWN","message":"Invalid API key"}']));
  });
});

describe('a rotated key', () => {
  it('works beside the new one during the overlap, for one and the same principal', async () => {
    const here = house();
    const { secret, key } = await issue(here);
    await here.verifier.verify(secret, callFrom());
    const next = await here.keys.rotate(key.id, { overlapHours: 2 }, root);
    const [old, fresh] = await Promise.all(
      [secret, next.secret].map(async (token) => here.verifier.verify(token, callFrom())),
    );
    expect(old?.id).toBe(fresh?.id);
    expect(old?.keyId).not.toBe(fresh?.keyId);

    await vi.advanceTimersByTimeAsync(2 * 3_600_000);
    await expect(here.verifier.verify(secret, callFrom())).rejects.toThrow(CredentialExpired);
    expect(await here.verifier.verify(next.secret, callFrom())).toMatchObject({ keyId: next.key.id });
  });

  it('never fails a client while it is rotated again and again under it', async () => {
    const here = house();
    let { secret, key } = await issue(here);
    for (let round = 0; round < 50; round++) {
      const uses = Array.from({ length: 5 }, async () => here.verifier.verify(secret, callFrom()));
      const next = await here.keys.rotate(key.id, { overlapHours: 1 }, root);
      expect((await Promise.all(uses)).every(({ id }) => id === key.principalId)).toBe(true);
      ({ secret, key } = next);
      await vi.advanceTimersByTimeAsync(100);
    }
  });
});

describe('the configured admin', () => {
  const value = 'any text of thirty-two characters, or more';
  const token = value.replaceAll(' ', '_');

  it.each(['GATEHOUSE_API_KEY', 'SUPEREGO_API_KEY'])('is who sends the value of %s', async (name) => {
    const here = house({ [name]: token });
    for (let again = 0; again < 3; again++) {
      expect(here.verifier.verify(token, callFrom())).toMatchObject({ role: 'admin', tier: 'enterprise' });
      await vi.advanceTimersByTimeAsync(5000);
    }
    expect(here.store.asked).toBe(0);
    for (const near of [`${token}x`, token.slice(0, -1), token.toUpperCase()]) {
      expect(() => here.verifier.verify(near, callFrom())).toThrow(CredentialUnknown);
    }
  });

  it('is nobody any more once the setting says another value', () => {
    const here = house({ GATEHOUSE_API_KEY: `${token}2` });
    expect(() => here.verifier.verify(token, callFrom())).toThrow(CredentialUnknown);
  });

  it('is not whoever holds an issued key: that may what it was issued for, and nothing once it is revoked', async () => {
    const store = new WatchedKeyStore();
    const { secret, key } = await issue({ ...inMemoryIdentity({}, store), store });
    const here = inMemoryIdentity({ GATEHOUSE_API_KEY: secret }, store);
    expect(here.configured.exists).toBe(false);
    expect(await here.verifier.verify(secret, callFrom())).toMatchObject({ name: 'agent', role: 'service' });
    await here.keys.revoke(key.id, { force: true }, root);
    await expect(async () => here.verifier.verify(secret, callFrom())).rejects.toThrow(CredentialUnknown);
  });

  it('is noted under no key, since none is in the table', async () => {
    const here = house({ GATEHOUSE_API_KEY: token });
    const touch = vi.spyOn(here.store, 'touch');
    await here.verifier.verify(token, callFrom());
    await here.usage.flush();
    expect(touch).not.toHaveBeenCalled();
  });
});

async function refusal(here: ReturnType<typeof house>, token: string, call: Call): Promise<GatehouseError> {
  try {
    await here.verifier.verify(token, call);
  } catch (error) {
    if (error instanceof GatehouseError) return error;
    throw error;
  }
  throw new Error('It was let through');
}

function swapped(key: string): string {
  const last = key.endsWith('0') ? '1' : '0';
  return key.slice(0, -1) + last;
}
