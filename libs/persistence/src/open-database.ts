import { Logger } from '@nestjs/common';
import { Kysely, PostgresDialect, sql } from 'kysely';
import type { ConfigOf } from '#config';
import type { Secrets } from '#secrets';
import { ConnectionPool } from './connection-pool.ts';
import { Database } from './database.ts';
import { EmbeddedEngine } from './embedded/embedded-engine.ts';
import type { Engine } from './engine.ts';
import type { DataFolder } from './folder/data-folder.ts';
import { migrate } from './migrate.ts';
import type { persistenceConfig } from './persistence.config.ts';
import { DatabaseAddress } from './postgresql/database-address.ts';
import { PostgresqlEngine } from './postgresql/postgresql-engine.ts';
import { installVectors } from './vectors.ts';

/** Of all who open this database at the same moment, one prepares it at a time. Any number will do, if all use it. */
const PREPARATION = 4_283_119;

/**
 * The database at DATABASE_URL, else the embedded one in the data folder: open, and migrated to this version. With
 * `secrets`, new connections use the password of now.
 */
export async function openDatabase(
  config: ConfigOf<typeof persistenceConfig>,
  folder: DataFolder,
  secrets?: Secrets,
): Promise<Database> {
  const address = DatabaseAddress.of(config, secrets);
  const engine = address
    ? await PostgresqlEngine.start(address, config)
    : await EmbeddedEngine.start(folder, config);
  try {
    return new Database(engine, await prepare(engine));
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** On one connection of its own, where no statement is too long: a migration may rewrite a large table. */
async function prepare({ pool }: Engine): Promise<boolean> {
  const connection = { ...pool.connection, statement_timeout: 0 };
  const single = new ConnectionPool({ ...pool, connection, size: 1, statementTimeoutMs: 0 });
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: single }) });
  try {
    await waitForOthers(kysely);
    const vectors = await installVectors(kysely);
    await migrate(kysely);
    return vectors;
  } finally {
    await single.end(); // Ends the session, and with it the lock.
  }
}

async function waitForOthers(kysely: Kysely<unknown>): Promise<void> {
  const attempt = sql<{ alone: boolean }>`select pg_try_advisory_lock(${PREPARATION}) as alone`;
  const { rows } = await attempt.execute(kysely);
  if (rows[0]?.alone) return;
  new Logger('Persistence').log('Another process prepares the database: waiting for it');
  await sql`select pg_advisory_lock(${PREPARATION})`.execute(kysely);
}
