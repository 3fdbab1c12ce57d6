import { sql, type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { migrations } from './migrations/index.ts';
import { PersistenceError } from './persistence-error.ts';

const APPLIED = 'gatehouse_migrations';

/** Brings the schema up to this program's version: all of it or nothing, in one transaction, under kysely's own lock. */
export async function migrate<T>(kysely: Kysely<T>, all = migrations): Promise<void> {
  await refuseNewerSchema(kysely, Object.keys(all));
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => all },
    migrationTableName: APPLIED,
    migrationLockTableName: `${APPLIED}_lock`,
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find(({ status }) => status === 'Error')?.migrationName ?? 'before the first';
  const reason = error instanceof Error ? error.message : 'unknown reason';
  throw new PersistenceError(`The database could not be migrated (${failed}): ${reason}`, { cause: error });
}

/** An older program on a newer schema would write what the newer one can't read. */
async function refuseNewerSchema<T>(kysely: Kysely<T>, known: readonly string[]): Promise<void> {
  const { rows: found } = await sql<{
    name: string | null;
  }>`select to_regclass(${APPLIED})::text as name`.execute(kysely);
  if (!found[0]?.name) return;
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(APPLIED)} order by name`.execute(
    kysely,
  );
  const unknown = rows.map(({ name }) => name).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new PersistenceError(
    `The database is newer than this program: it has ${unknown.join(', ')}. Start the version that made it, or a later one`,
  );
}
