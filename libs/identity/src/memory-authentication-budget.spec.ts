import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import { identityConfig } from './identity.config.ts';
import { MemoryAuthenticationBudget } from './memory-authentication-budget.ts';

const budgetOf = (max = '3') =>
  new MemoryAuthenticationBudget(
    readConfig(identityConfig, { AUTH_FAILURES_MAX: max, AUTH_FAILURES_WINDOW: '10' }),
  );

describe('MemoryAuthenticationBudget', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('allows as many failures as the setting says, and says until when no more', () => {
    const budget = budgetOf();
    for (let failure = 0; failure < 3; failure++) {
      expect(budget.exhausted('192.0.2.1')).toBeUndefined();
      budget.spend('192.0.2.1');
    }
    expect(budget.exhausted('192.0.2.1')).toEqual({ limit: 3, resetAt: 1_010_000 });
    expect(budget.exhausted('192.0.2.2')).toBeUndefined();
  });

  it('begins anew when the window ends', () => {
    const budget = budgetOf('1');
    budget.spend('192.0.2.1');
    vi.advanceTimersByTime(9_999);
    expect(budget.exhausted('192.0.2.1')).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(budget.exhausted('192.0.2.1')).toBeUndefined();
    budget.spend('192.0.2.1');
    expect(budget.exhausted('192.0.2.1')).toEqual({ limit: 1, resetAt: 1_020_000 });
  });

  it('gives back, and never more than was spent', () => {
    const budget = budgetOf('1');
    budget.refund('192.0.2.1');
    budget.spend('192.0.2.1');
    budget.refund('192.0.2.1');
    budget.refund('192.0.2.1');
    budget.spend('192.0.2.1');
    expect(budget.exhausted('192.0.2.1')).toBeDefined();
  });

  it('counts a whole /64 as one, since anyone in it may move freely', () => {
    const budget = budgetOf();
    for (const host of ['1', '2', 'ffff:1']) budget.spend(`2001:db8::${host}`);
    expect(budget.exhausted('2001:db8::abcd')).toBeDefined();
    expect(budget.exhausted('2001:db8:0:1::1')).toBeUndefined();
  });

  it('keeps a bounded number of networks', () => {
    const budget = budgetOf();
    for (let n = 0; n < 120_000; n++) budget.spend(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    expect(budget.size).toBeLessThan(50_000);
  });
});
