import { defineConfig, setting, type ConfigOf } from '#config';
import { NumberPairs, numberPairs } from './number-pairs.ts';

const MAX_CALLS = 1_000_000_000;
const DAY_MS = 86_400_000;
const window = { min: 100, max: DAY_MS };
const calls = { min: 1, max: MAX_CALLS };

/** Calls a minute and an hour (RAG-29). Enterprise has no such limit. */
const tierLimits = new NumberPairs([
  ['free', [10, 100]],
  ['basic', [100, 1_000]],
  ['pro', [1_000, 10_000]],
]);

export const throttleConfig = defineConfig('throttle', {
  enabled: setting.boolean({
    env: 'RATE_LIMIT_ENABLED',
    aliases: ['SUPEREGO_RATE_LIMIT_ENABLED'],
    description: 'Whether calls are limited at all',
    default: true,
  }),
  clientMax: setting.integer({
    env: 'RATE_LIMIT_CLIENT_MAX',
    aliases: ['RATE_LIMIT_MAX_REQUESTS', 'SUPEREGO_RATE_LIMIT_REQUESTS'],
    description: 'Calls of one client in its window, for keys without a tier and for callers without a key',
    default: 100,
    ...calls,
  }),
  clientWindowMs: setting.duration({
    env: 'RATE_LIMIT_CLIENT_WINDOW',
    aliases: ['RATE_LIMIT_WINDOW_MS', 'SUPEREGO_RATE_LIMIT_WINDOW'],
    description: 'Window of the client limit',
    default: 60_000,
    ...window,
  }),
  globalMax: setting.integer({
    env: 'RATE_LIMIT_GLOBAL_MAX',
    description: 'Calls of all clients together; those of the tier enterprise do not count',
    default: 1_000,
    ...calls,
  }),
  globalWindowMs: setting.duration({
    env: 'RATE_LIMIT_GLOBAL_WINDOW',
    description: 'Window of the global limit',
    default: 60_000,
    ...window,
  }),
  addressMax: setting.integer({
    env: 'RATE_LIMIT_ADDRESS_MAX',
    description: 'Calls from one IPv4 address or one IPv6 /64, whoever makes them',
    default: 2_000,
    ...calls,
  }),
  addressWindowMs: setting.duration({
    env: 'RATE_LIMIT_ADDRESS_WINDOW',
    description: 'Window of the limit by address',
    default: 300_000,
    ...window,
  }),
  tiers: numberPairs({
    env: 'RATE_LIMIT_TIERS',
    description: 'Calls a minute and an hour of keys with a tier; a tier that is left out keeps its default',
    shape: 'tier=PER_MINUTE/PER_HOUR, separated by commas, for free, basic and pro',
    default: tierLimits,
    allows: (tier) => tierLimits.has(tier),
  }),
  operations: numberPairs({
    env: 'RATE_LIMIT_OPERATIONS',
    description: 'Calls of one client to one operation, by its route and its tool together',
    shape: 'operation=CALLS/SECONDS, separated by commas, as in rag.ask=100/60',
    default: new NumberPairs(),
    allows: (_, [, seconds]) => seconds * 1000 <= DAY_MS,
  }),
  failMode: setting.oneOf({
    env: 'RATE_LIMIT_FAIL_MODE',
    description: 'What becomes of a call whose limits cannot be checked: let through, or refused with 503',
    values: ['open', 'closed'],
    default: 'closed',
  }),
  replicas: setting.integer({
    env: 'RATE_LIMIT_REPLICAS',
    description:
      'Processes to divide each limit by while Valkey is away and has not told yet how many there are',
    default: 1,
    min: 1,
    max: 10_000,
  }),
  maxKeys: setting.integer({
    env: 'RATE_LIMIT_MAX_KEYS',
    description: 'Clients that each limit tells apart in memory; those past it share one count',
    default: 100_000,
    min: 100,
    max: 10_000_000,
  }),
});

export type ThrottleSettings = ConfigOf<typeof throttleConfig>;
