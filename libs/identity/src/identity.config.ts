import { defineConfig, setting } from '#config';

export const identityConfig = defineConfig('identity', {
  adminKey: setting.secret({
    env: 'GATEHOUSE_API_KEY',
    aliases: ['SUPEREGO_API_KEY'],
    description:
      'The admin credential, unless it is a key that was issued. Without one the first start makes an admin key and prints it once. Commands send it',
    minLength: 32,
  }),
  pepper: setting.secret({
    env: 'API_KEY_PEPPER',
    description:
      'Key of the digests of API keys, the same on all replicas; made at the first start when absent',
    minLength: 32,
  }),
  previousPepper: setting.secret({
    env: 'API_KEY_PREVIOUS_PEPPER',
    description:
      'The API_KEY_PEPPER before the last change: keys whose digests it made work on, and get new ones',
    minLength: 32,
  }),
  keyTtlDays: setting.integer({
    env: 'API_KEY_TTL_DAYS',
    description: 'Days until a new API key expires',
    default: 90,
    min: 1,
    max: 3650,
  }),
  rotationOverlapHours: setting.integer({
    env: 'API_KEY_ROTATION_OVERLAP_HOURS',
    description: 'Hours that the old key goes on working beside the one it was rotated to',
    default: 24,
    min: 0,
    max: 2160,
  }),
  maxFailures: setting.integer({
    env: 'AUTH_FAILURES_MAX',
    description: 'Unknown keys that one address (IPv6: one /64) may try per AUTH_FAILURES_WINDOW',
    default: 2000,
    min: 1,
    max: 1_000_000,
  }),
  failureWindowSeconds: setting.integer({
    env: 'AUTH_FAILURES_WINDOW',
    description: 'Seconds over which AUTH_FAILURES_MAX counts',
    default: 300,
    min: 1,
    max: 86_400,
  }),
});
