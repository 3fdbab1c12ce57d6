import { describe, expect, it } from 'vitest';
import { readConfig } from '#config';
import { throttleConfig } from './throttle.config.ts';

const read = (env: Record<string, string>) => readConfig(throttleConfig, env);

describe('the settings of the limits', () => {
  it('are those of the requirements by default', () => {
    const { tiers, operations, ...others } = read({});
    expect(others).toEqual({
      enabled: true,
      clientMax: 100,
      clientWindowMs: 60_000,
      globalMax: 1_000,
      globalWindowMs: 60_000,
      addressMax: 2_000,
      addressWindowMs: 300_000,
      failMode: 'closed',
      maxKeys: 100_000,
      replicas: 1,
    });
    expect(String(tiers)).toBe('free=10/100,basic=100/1000,pro=1000/10000');
    expect(operations.size).toBe(0);
  });

  it('know the names that the older systems gave them, in their units', () => {
    expect(read({ RATE_LIMIT_MAX_REQUESTS: '7', RATE_LIMIT_WINDOW_MS: '1500' })).toMatchObject({
      clientMax: 7,
      clientWindowMs: 1_500,
    });
    expect(read({ SUPEREGO_RATE_LIMIT_REQUESTS: '8', SUPEREGO_RATE_LIMIT_WINDOW: '30' })).toMatchObject({
      clientMax: 8,
      clientWindowMs: 30_000,
    });
  });

  it.each([
    ['RATE_LIMIT_CLIENT_MAX', '5', 'RATE_LIMIT_MAX_REQUESTS', '6'],
    ['RATE_LIMIT_CLIENT_WINDOW', '60', 'RATE_LIMIT_WINDOW_MS', '6000'],
    ['RATE_LIMIT_WINDOW_MS', '60000', 'SUPEREGO_RATE_LIMIT_WINDOW', '61'],
    ['RATE_LIMIT_ENABLED', 'true', 'SUPEREGO_RATE_LIMIT_ENABLED', 'false'],
  ])('stop the boot when %s=%s and %s=%s', (one, value, other, differing) => {
    expect(() => read({ [one]: value, [other]: differing })).toThrow(
      `${one} and ${other} are two names of one setting and differ`,
    );
  });

  it('keep the default of a tier that is left out', () => {
    expect(String(read({ RATE_LIMIT_TIERS: 'pro=5/6' }).tiers)).toBe('free=10/100,basic=100/1000,pro=5/6');
  });

  it.each([
    ['RATE_LIMIT_TIERS', 'gold=1/2'],
    ['RATE_LIMIT_TIERS', 'enterprise=1/2'],
    ['RATE_LIMIT_TIERS', 'free=1'],
    ['RATE_LIMIT_TIERS', 'free=0/5'],
    ['RATE_LIMIT_TIERS', 'free=1/2,free=1/2'],
    ['RATE_LIMIT_TIERS', 'free=1/2,'],
    ['RATE_LIMIT_OPERATIONS', 'rag.ask=100'],
    ['RATE_LIMIT_OPERATIONS', 'rag.ask=1/86401'],
    ['RATE_LIMIT_FAIL_MODE', 'ajar'],
    ['RATE_LIMIT_CLIENT_MAX', '0'],
    ['RATE_LIMIT_CLIENT_WINDOW', '0'],
  ])('refuse %s=%s', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(`${name} is ${JSON.stringify(value)}: it must be`);
  });
});
