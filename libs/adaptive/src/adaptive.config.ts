import { defineConfig, setting, type ConfigOf } from '#config';

const perSecond = { min: 1, max: 1_000_000 };

export const adaptiveConfig = defineConfig('adaptive', {
  enabled: setting.boolean({
    env: 'ADAPTIVE_LIMITS_ENABLED',
    description:
      'Halve limits step by step while under attack, to an eighth at most, and give them back after it',
    default: true,
  }),
  refusalsPerSecond: setting.integer({
    env: 'ADAPTIVE_REFUSALS_PER_SECOND',
    description:
      'Refused calls of callers without a good key, a second, that tighten the limits of such callers',
    default: 200,
    ...perSecond,
  }),
  connectionsPerSecond: setting.integer({
    env: 'ADAPTIVE_CONNECTIONS_PER_SECOND',
    description: 'New connections a second that tighten the limits of callers without a key',
    default: 500,
    ...perSecond,
  }),
  loopDelayMs: setting.integer({
    env: 'ADAPTIVE_LOOP_DELAY_MS',
    description:
      'Delay of the event loop (its 90th percentile over a second) that tightens the limits of everyone',
    default: 500,
    min: 20,
    max: 60_000,
  }),
  failuresPercent: setting.integer({
    env: 'ADAPTIVE_FAILURES_PERCENT',
    description:
      'Part of all calls that fail by our own fault (of ten a second or more) that tightens the limits of everyone',
    default: 50,
    min: 1,
    max: 100,
  }),
  tightenAfterSeconds: setting.integer({
    env: 'ADAPTIVE_TIGHTEN_SECONDS',
    description: 'How long a threshold must be passed, without a break, for each step',
    default: 5,
    min: 1,
    max: 3_600,
  }),
  relaxAfterSeconds: setting.integer({
    env: 'ADAPTIVE_RELAX_SECONDS',
    description: 'How long all must be below half of their thresholds for a step back',
    default: 30,
    min: 1,
    max: 86_400,
  }),
});

export type AdaptiveSettings = ConfigOf<typeof adaptiveConfig>;
