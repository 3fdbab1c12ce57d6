import { describe, expect, it } from 'vitest';
import { defineConfig } from './define-config.ts';
import { readConfig } from './read-config.ts';
import { setting } from './setting.ts';

const config = defineConfig('read-config.spec', {
  windowMs: setting.duration({
    env: 'SPEC_WINDOW',
    aliases: ['SPEC_WINDOW_MS', 'OTHER_WINDOW'],
    description: 'A window',
    default: 60_000,
    min: 1_000,
    max: 3_600_000,
  }),
  on: setting.boolean({ env: 'SPEC_ON', aliases: ['OTHER_ON'], description: 'A switch', default: true }),
});

describe('a setting with several names', () => {
  it.each([
    [{}, 60_000],
    [{ SPEC_WINDOW: '10' }, 10_000],
    [{ SPEC_WINDOW_MS: '1500' }, 1_500],
    [{ OTHER_WINDOW: '5' }, 5_000],
    [{ SPEC_WINDOW: '10', SPEC_WINDOW_MS: '10000', OTHER_WINDOW: '10' }, 10_000],
  ])('reads each name in its own unit: %o', (env, windowMs) => {
    expect(readConfig(config, env).windowMs).toBe(windowMs);
  });

  it('compares values, not texts', () => {
    expect(readConfig(config, { SPEC_ON: '0', OTHER_ON: 'false' }).on).toBe(false);
  });

  it('refuses two names that differ, and names both', () => {
    expect(() => readConfig(config, { SPEC_WINDOW: '10', SPEC_WINDOW_MS: '10' })).toThrow(
      /SPEC_WINDOW_MS is "10": it must be/,
    );
    expect(() => readConfig(config, { SPEC_WINDOW: '10', SPEC_WINDOW_MS: '20000' })).toThrow(
      'SPEC_WINDOW and SPEC_WINDOW_MS are two names of one setting and differ',
    );
    expect(() => readConfig(config, { SPEC_ON: 'no', OTHER_ON: 'yes' })).toThrow(
      'SPEC_ON and OTHER_ON are two names of one setting and differ',
    );
  });

  it('says what is allowed, in the unit of the name', () => {
    expect(() => readConfig(config, { OTHER_WINDOW: '1.5' })).toThrow(
      'OTHER_WINDOW is "1.5": it must be a whole number of seconds (of milliseconds, in a name that ends in _MS)',
    );
  });
});
