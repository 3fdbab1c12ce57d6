import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, RateLimited } from '#call';
import { readConfig } from '#config';
import { LimitGate } from './limit-gate.ts';
import { ThrottleStore } from './throttle-store.ts';
import { throttleConfig } from './throttle.config.ts';
import type { LimitVerdict } from './limit.ts';

class StoreThat extends ThrottleStore {
  constructor(override readonly decide: () => LimitVerdict | Promise<LimitVerdict>) {
    super();
  }
  override status = () => [];
  override reset = () => {};
}

const claims = ['client', 'global'].map((id) => ({
  limit: { id, name: id, max: 5, windowMs: 60_000 },
  subject: 'a',
}));
const newCall = () => new Call({ door: 'mcp', address: '192.0.2.1', authorization: undefined });

function admit(decide: () => LimitVerdict | Promise<LimitVerdict>, env: Record<string, string> = {}) {
  const gate = new LimitGate(new StoreThat(decide), readConfig(throttleConfig, env));
  const call = newCall();
  // As Nest does: what is thrown and what is rejected are one to it.
  return { gate, call, admitted: (async () => gate.admit(call, claims))() };
}

describe('LimitGate', () => {
  const room: LimitVerdict = { allowed: true, tightest: 1, remaining: 3, roomInMs: 1_200, exhausted: [] };
  const full: LimitVerdict = {
    allowed: false,
    tightest: 0,
    remaining: 0,
    roomInMs: 2_100,
    exhausted: [0, 1],
  };

  it.each([
    ['at once', () => room],
    ['later', () => Promise.resolve(room)],
  ])('admits, and tells the call its tightest limit, when the store answers %s', async (_, decide) => {
    const { admitted, call } = admit(decide);
    expect(await admitted).toBe(true);
    expect(call.limits).toMatchObject({
      allowed: true,
      name: 'global',
      limit: 5,
      remaining: 3,
      retryAfter: 0,
    });
  });

  it.each([
    ['at once', () => full],
    ['later', () => Promise.resolve(full)],
  ])('refuses with whole seconds, rounded up, when the store answers %s', async (_, decide) => {
    const { admitted, call } = admit(decide);
    await expect(admitted).rejects.toThrow(RateLimited);
    await expect(admitted).rejects.toMatchObject({ details: { retry_after: 3, global_limit_hit: true } });
    expect(call.limits).toMatchObject({ allowed: false, name: 'client', retryAfter: 3 });
  });
});

describe('LimitGate, when the store', () => {
  const lines = vi.spyOn(Logger.prototype, 'error');
  beforeEach(() => void lines.mockReset().mockImplementation(() => {}));
  afterEach(() => void lines.mockReset());

  const cause = new Error('out of order');
  const failures: [string, () => never | Promise<never>][] = [
    [
      'throws',
      () => {
        throw cause;
      },
    ],
    ['rejects', () => Promise.reject(cause)],
  ];

  it.each(failures)('%s, refuses by default, without a word of the cause', async (_, fail) => {
    const { admitted, call } = admit(fail);
    const message = 'The rate limits cannot be checked at the moment';
    await expect(admitted).rejects.toMatchObject({ code: 'UNAVAILABLE', message, details: undefined, cause });
    expect(call.limits).toBeUndefined();
  });

  it.each(failures)('%s, admits where RATE_LIMIT_FAIL_MODE is open', async (_, fail) => {
    expect(await admit(fail, { RATE_LIMIT_FAIL_MODE: 'open' }).admitted).toBe(true);
  });

  it.each(failures)('%s, says why in the log, once a second at most', async (_, fail) => {
    const { gate, admitted } = admit(fail, { RATE_LIMIT_FAIL_MODE: 'open' });
    await admitted;
    for (let n = 0; n < 20; n++) await gate.admit(newCall(), claims);
    expect(lines.mock.calls).toEqual([
      [{ err: cause, msg: expect.stringContaining('Rate limit check failed') as string }],
    ]);
  });
});
