import type pg from 'pg';
import { persistenceConfig } from '#persistence';
import { fail, orPass, warn, type Check } from '../check.ts';

const OLDEST = 15;

/** Whether what is kept is kept. */
export const databaseCheck: Check = {
  name: 'database',
  read: 'docs/runbooks/service.md#the-database',
  async look(site) {
    const database = await site.database();
    if (!database) {
      return [
        warn(
          'the embedded database serves one process, and may lose its last moments with the power: set DATABASE_URL',
        ),
      ];
    }
    const is = await settingsOf(database);
    const { poolSize } = site.config(persistenceConfig);
    const version = Math.floor(Number(is.server_version_num) / 10_000);
    return orPass(
      [
        version < OLDEST && fail(`it is PostgreSQL ${version}, and Gatehouse needs ${OLDEST} or later`),
        is.fsync !== 'on' && fail('fsync=off: a crash may destroy the database, and the audit trail with it'),
        is.full_page_writes !== 'on' && fail('full_page_writes=off: a crash may destroy pages'),
        is.synchronous_commit === 'off' &&
          fail('synchronous_commit=off: audit records that were promised may be lost'),
        poolSize + 5 > Number(is.max_connections) &&
          fail(
            `DATABASE_POOL_SIZE=${poolSize}, and the server allows ${is.max_connections} connections to all`,
          ),
        is.superuser === 'on' &&
          warn('the role of DATABASE_URL is a superuser: one that owns this database is enough'),
        !is.vectors && warn('the extension pgvector is not there: search is by words only'),
      ],
      `PostgreSQL ${version}, durable, with pgvector`,
    );
  },
};

interface Is {
  server_version_num: string;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  max_connections: string;
  superuser: string;
  vectors: boolean;
}

async function settingsOf(database: pg.Client): Promise<Is> {
  const { rows } = await database.query<Is>(`
    select current_setting('server_version_num') as server_version_num, current_setting('fsync') as fsync,
      current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit,
      current_setting('max_connections') as max_connections, current_setting('is_superuser') as superuser,
      exists (select from pg_available_extensions where name = 'vector') as vectors`);
  return rows[0]!;
}
