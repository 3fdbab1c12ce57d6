import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, type Principal } from '#call';
import { CredentialExpired, CredentialUnknown, GatehouseError } from '#errors';
import { mintKey } from './api-key.ts';
import type { ApiKey } from './api-key.record.ts';
import { inMemoryIdentity } from './in-memory-identity.ts';
import { MemoryKeyStore } from './memory-key-store.ts';

const root: Principal = { id: 'root', name: 'root', role: 'admin', tier: 'enterprise', keyId: 'root' };
const DAY_MS = 86_400_000;

/** A store that counts its questions, and can be slow or down. */
class WatchedStore extends MemoryKeyStore {
  asked = 0;
  down = false;
  /** Answers wait for it. */
  gate: Promise<void> | undefined;

  override async find(digest: string): Promise<ApiKey | undefined> {
    this.asked++;
    const found = await super.find(digest);
    await this.gate;
    if (this.down) throw new Error('the database at 10.0.0.3 is gone');
    return found;
  }
}

function house(env: Record<string, string> = {}) {
  const store = new WatchedStore();
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

describe('a key that cannot be', () => {
  it('costs no question to the store', async () => {
    const here = house();
    for (const token of ['x', 'gk_', mintKey().slice(1), swapped(mintKey()), 'k'.repeat(4000)]) {
      expect(() => here.verifier.verify(token, callFrom())).toThrow(CredentialUnknown);
    }
    expect(here.store.asked).toBe(0);
  });

  it('costs one question when it only might be, for a while', async () => {
    const here = house();
    const token = mintKey();
    await expect(here.verifier.verify(token, callFrom())).rejects.toThrow(CredentialUnknown);
    for (let again = 0; again < 50; again++) {
      expect(() => here.verifier.verify(token, callFrom())).toThrow(CredentialUnknown);
    }
    expect(here.store.asked).toBe(1);
    vi.advanceTimersByTime(30_000);
    await expect(here.verifier.verify(token, callFrom())).rejects.toThrow(CredentialUnknown);
    expect(here.store.asked).toBe(2);
  });
});

describe('a flood of keys that might be', () => {
  it('becomes no flood of questions, however many come at once', async () => {
    const here = house({ AUTH_FAILURES_MAX: '100' });
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async () => refusal(here, mintKey(), callFrom())),
    );
    const codes = answers.map(({ code }) => code);
    expect(codes.filter((code) => code === 'CREDENTIAL_UNKNOWN')).toHaveLength(100);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(900);
    expect(here.store.asked).toBe(100);
  });

  it('is told what any limit tells', async () => {
    vi.setSystemTime(1_000_500);
    const here = house({ AUTH_FAILURES_MAX: '1', AUTH_FAILURES_WINDOW: '300' });
    await refusal(here, mintKey(), callFrom());
    const call = callFrom();
    const error = await refusal(here, mintKey(), call);
    expect(error.details).toEqual({
      error: 'Rate limit exceeded',
      limit: 1,
      remaining: 0,
      reset: 1301,
      retry_after: 300,
      global_limit_hit: false,
    });
    expect(call.limits).toMatchObject({
      allowed: false,
      limit: 1,
      remaining: 0,
      reset: 1301,
      retryAfter: 300,
    });
  });

  it('holds up neither other addresses nor keys of the same address that were proven before', async () => {
    const here = house({ AUTH_FAILURES_MAX: '2' });
    const { secret } = await issue(here);
    await here.verifier.verify(secret, callFrom());
    for (let guess = 0; guess < 5; guess++) await refusal(here, mintKey(), callFrom());
    await vi.advanceTimersByTimeAsync(5000);
    expect(await here.verifier.verify(secret, callFrom())).toBeDefined();
    expect((await refusal(here, mintKey(), callFrom('192.0.2.2'))).code).toBe('CREDENTIAL_UNKNOWN');
  });

  it('costs a good key nothing', async () => {
    const here = house({ AUTH_FAILURES_MAX: '1' });
    for (let at = 0; at < 5; at++) {
      const { secret } = await here.keys.create({ name: `agent ${at}`, role: 'service' }, root);
      expect(await here.verifier.verify(secret, callFrom())).toBeDefined();
    }
  });

  it('does not grow the memory without bound', async () => {
    const here = house({ AUTH_FAILURES_MAX: '1000000' });
    for (let guess = 0; guess < 25_000; guess++) await refusal(here, mintKey(), callFrom());
    expect(here.verdicts.size).toBeLessThan(10_000);
  });
});

describe('when the store is down', () => {
  it('is closed: to keys that are unknown, and to those that were proven more than a second ago', async () => {
    const here = house();
    const { secret } = await issue(here);
    await here.verifier.verify(secret, callFrom());
    here.store.down = true;
    await vi.advanceTimersByTimeAsync(999);
    expect(here.verifier.verify(secret, callFrom())).toBeDefined();
    await vi.advanceTimersByTimeAsync(1);
    for (const token of [secret, mintKey()]) {
      const error = await refusal(here, token, callFrom());
      expect(error.code).toBe('UNAVAILABLE');
      expect(error.message).not.toContain('10.0.0.3');
    }
  });

  it('remembers nothing of it: all is well once the store is back', async () => {
    const here = house({ AUTH_FAILURES_MAX: '1' });
    const { secret } = await issue(here);
    here.store.down = true;
    for (let again = 0; again < 3; again++) {
      expect((await refusal(here, secret, callFrom())).code).toBe('UNAVAILABLE');
    }
    here.store.down = false;
    expect(await here.verifier.verify(secret, callFrom())).toBeDefined();
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
