import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Tables } from '#persistence';

/** The database at a URL as it is: not migrated, as a gateway would do, for an auditor may have no right to. */
export function readOnlyTables(url: string): Kysely<Tables> {
  const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 10_000 });
  pool.on('error', () => undefined); // The next query says so.
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}
