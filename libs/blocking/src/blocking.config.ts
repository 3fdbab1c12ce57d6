import { defineConfig, setting, type ConfigOf } from '#config';

const milliseconds = { min: 1_000, max: 2_592_000_000 };

export const blockingConfig = defineConfig('blocking', {
  autoBlock: setting.boolean({
    env: 'AUTO_BLOCK_ENABLED',
    description: 'Block addresses that keep failing authentication or keep being refused',
    default: true,
  }),
  maxFailedAttempts: setting.integer({
    env: 'MAX_FAILED_ATTEMPTS',
    description:
      'Unknown or malformed keys, and failed log-ins, within BLOCK_WINDOW that get an address (IPv6: its /64) blocked',
    default: 3,
    min: 1,
    max: 1_000_000,
  }),
  maxRefusedCalls: setting.integer({
    env: 'MAX_REFUSED_CALLS',
    description:
      'Calls within BLOCK_WINDOW, refused by a limit or made by nobody known, that get an address (of a known caller: that caller there) blocked',
    default: 1_000,
    min: 1,
    max: 100_000_000,
  }),
  windowMs: setting.integer({
    env: 'BLOCK_WINDOW',
    description: 'Time over which MAX_FAILED_ATTEMPTS and MAX_REFUSED_CALLS count, in milliseconds',
    default: 300_000,
    ...milliseconds,
  }),
  durationMs: setting.integer({
    env: 'BLOCK_DURATION',
    description: 'How long a first block lasts, in milliseconds; each repeat lasts twice as long',
    default: 3_600_000,
    ...milliseconds,
  }),
  maxDurationMs: setting.integer({
    env: 'BLOCK_DURATION_MAX',
    description:
      'Longest block that repeats lead to, in milliseconds; for as long after its end a block counts as a repeat',
    default: 86_400_000,
    ...milliseconds,
  }),
  allowList: setting.networks({
    env: 'BLOCK_ALLOW_LIST',
    description: 'Addresses that are never blocked, beside TRUSTED_PROXIES',
    default: [],
  }),
});

export type BlockingSettings = ConfigOf<typeof blockingConfig>;
