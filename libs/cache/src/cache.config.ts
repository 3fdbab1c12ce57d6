import { defineConfig, setting, type ConfigOf } from '#config';

const MIB = 2 ** 20;

export const cacheConfig = defineConfig('cache', {
  enabled: setting.boolean({
    env: 'ENABLE_CACHE',
    description: 'Keep answers for a while; without it every one is computed, and callers do not share',
    default: true,
  }),
  ttlMs: setting.duration({
    env: 'CACHE_TTL',
    description: 'How long a value is fresh where its computation does not say',
    default: 300_000,
    min: 100,
    max: 86_400_000,
  }),
  memoryBytes: setting.integer({
    env: 'CACHE_MEMORY_SIZE',
    description: 'Memory of one process for values, in bytes; those that were not used for longest make room',
    default: 64 * MIB,
    min: MIB,
    max: 64 * 1024 * MIB,
  }),
  memoryTtlMs: setting.duration({
    env: 'CACHE_MEMORY_TTL',
    description:
      'Beside Valkey: how long a process goes by what it remembers, should news of a change get lost',
    default: 60_000,
    min: 100,
    max: 86_400_000,
  }),
  awayTtlMs: setting.duration({
    env: 'CACHE_AWAY_TTL',
    description: 'While Valkey is away, so that no news of a change is heard: how long memory is gone by',
    default: 5_000,
    min: 100,
    max: 3_600_000,
  }),
  maxEntryBytes: setting.integer({
    env: 'CACHE_MAX_ENTRY_SIZE',
    description: 'Largest value that is kept, in bytes of its JSON',
    default: MIB,
    min: 1_024,
    max: 64 * MIB,
  }),
  compressOverBytes: setting.integer({
    env: 'CACHE_COMPRESS_OVER',
    description: 'Size from which a value is compressed for Valkey, in bytes of its JSON',
    default: 4_096,
    min: 0,
    max: 64 * MIB,
  }),
  leaseMs: setting.integer({
    env: 'CACHE_LEASE_MS',
    description: 'How soon another process takes over from one that died while it computed, in milliseconds',
    default: 3_000,
    min: 100,
    max: 60_000,
  }),
  computeMs: setting.integer({
    env: 'CACHE_COMPUTE_MS',
    description:
      'How long one computation keeps others from starting it too, and may still be kept, in milliseconds',
    default: 60_000,
    min: 100,
    max: 3_600_000,
  }),
  waitMs: setting.integer({
    env: 'CACHE_WAIT_MS',
    description: "How long a caller waits for another's computation before it gets a 504, in milliseconds",
    default: 10_000,
    min: 10,
    max: 3_600_000,
  }),
});

export type CacheSettings = ConfigOf<typeof cacheConfig>;
