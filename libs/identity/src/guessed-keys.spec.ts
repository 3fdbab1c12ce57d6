import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, type Principal } from '#call';
import { CredentialUnknown, GatehouseError } from '#errors';
import { mintKey } from './api-key.ts';
import { inMemoryIdentity } from './testing/in-memory-identity.ts';
import { WatchedKeyStore } from './testing/watched-key-store.ts';

const root: Principal = { id: 'root', name: 'root', role: 'admin', tier: 'enterprise', keyId: 'root' };

function house(env: Record<string, string> = {}) {
  const store = new WatchedKeyStore();
  return { ...inMemoryIdentity(env, store), store };
}
const callFrom = (address = '192.0.2.1') => new Call({ door: 'rest', address, authorization: undefined });
const issue = async ({ keys }: ReturnType<typeof house>, expiresInDays = 90) =>
  keys.create({ name: 'agent', role: 'service', tier: 'pro', expiresInDays }, root);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

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
