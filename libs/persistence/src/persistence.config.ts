import { defineConfig, setting } from '#config';

export const persistenceConfig = defineConfig('persistence', {
  url: setting.url({
    env: 'DATABASE_URL',
    description: 'PostgreSQL 15 or later; without it the embedded database in DATA_DIR is used',
    protocols: ['postgres:', 'postgresql:'],
  }),
  password: setting.secret({
    env: 'DATABASE_PASSWORD',
    description: 'Password of a DATABASE_URL that holds none',
    minLength: 1,
  }),
  poolSize: setting.integer({
    env: 'DATABASE_POOL_SIZE',
    description: 'Connections to PostgreSQL; the embedded database has one session whatever this says',
    default: 10,
    min: 1,
    max: 1000,
  }),
  connectTimeoutMs: setting.integer({
    env: 'DATABASE_CONNECT_TIMEOUT_MS',
    description: 'How long a query waits for a connection, new or from the pool',
    default: 10_000,
    min: 100,
    max: 600_000,
  }),
  statementTimeoutMs: setting.integer({
    env: 'DATABASE_STATEMENT_TIMEOUT_MS',
    description: 'How long one statement may run; 0 for ever',
    default: 60_000,
    min: 0,
    max: 3_600_000,
  }),
});
