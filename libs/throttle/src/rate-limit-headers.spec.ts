import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rateLimitHeaders, UNLIMITED } from './rate-limit-headers.ts';

const settings = { enabled: true, clientMax: 100, clientWindowMs: 60_000 };
const decision = {
  allowed: true,
  name: 'client',
  limit: 5,
  remaining: 2,
  reset: 1_700_000_007,
  retryAfter: 0,
};

describe('the headers about limits', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_400 }));
  afterEach(() => void vi.useRealTimers());

  it('tell the tightest limit of an answer', () => {
    expect(rateLimitHeaders(decision, settings)).toEqual({
      'X-RateLimit-Limit': '5',
      'X-RateLimit-Remaining': '2',
      'X-RateLimit-Reset': '1700000007',
    });
  });

  it('tell a refused caller when to come again', () => {
    const refused = { ...decision, allowed: false, remaining: 0, retryAfter: 7 };
    expect(rateLimitHeaders(refused, settings)).toMatchObject({
      'X-RateLimit-Remaining': '0',
      'Retry-After': '7',
    });
  });

  it('show the client default, untouched, where no limit decided', () => {
    expect(rateLimitHeaders(undefined, settings)).toEqual({
      'X-RateLimit-Limit': '100',
      'X-RateLimit-Remaining': '100',
      'X-RateLimit-Reset': '1700000061',
    });
  });

  it.each([
    ['no limit applies', UNLIMITED, settings],
    ['limits are switched off', undefined, { ...settings, enabled: false }],
  ])('say so where %s', (_, limits, of) => {
    expect(rateLimitHeaders(limits, of)).toEqual({
      'X-RateLimit-Limit': 'unlimited',
      'X-RateLimit-Remaining': 'unlimited',
      'X-RateLimit-Reset': '1700000001',
    });
  });
});
