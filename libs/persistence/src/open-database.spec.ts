import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '#config';
import { databases, type TestDatabase } from '#testing';
import { DatabaseTimeout, DatabaseUnavailable } from './database-failure.ts';
import type { Database } from './database.ts';
import { DataFolder } from './folder/data-folder.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open-database.ts';
import { persistenceConfig } from './persistence.config.ts';

const SLOW = sql`select count(*) from generate_series(1, 4000000)`;

describe.each(databases)('opening the database on $name', (kind) => {
  let created: TestDatabase;
  let cleanUps: (() => Promise<void>)[];
  beforeEach(async () => {
    created = await kind.create();
    cleanUps = [() => created.remove()];
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  });

  async function open(settings: Record<string, string> = {}): Promise<Database> {
    const env = { ...created.env, ...settings };
    const folder = await DataFolder.open(env.DATA_DIR ?? '');
    cleanUps.push(() => folder.close());
    const database = await openDatabase(readConfig(persistenceConfig, env), folder);
    cleanUps.push(() => database.close());
    return database;
  }

  it('brings the schema up to date, and leaves it alone the next time', async () => {
    const first = await created.open();
    const applied = () =>
      sql`select name, timestamp from gatehouse_migrations`.execute(first.database.kysely);
    const { rows } = await applied();
    expect(rows.length).toBeGreaterThanOrEqual(3);
    await migrate(first.database.kysely);
    expect((await applied()).rows).toEqual(rows);
    await first.close();
  });

  it('keeps what was written when it is closed', async () => {
    const first = await created.open();
    await sql`create table kept (id integer)`.execute(first.database.kysely);
    await Promise.all(
      Array.from({ length: 100 }, (_, id) =>
        sql`insert into kept values (${id})`.execute(first.database.kysely),
      ),
    );
    await first.close();
    const second = await created.open();
    const { rows } = await sql`select count(*) as kept from kept`.execute(second.database.kysely);
    expect(rows).toEqual([{ kept: '100' }]);
    await second.close();
  });

  it('stops at a database that a newer program made', async () => {
    const first = await created.open();
    await sql`insert into gatehouse_migrations values ('999-later', '2030-01-01')`.execute(
      first.database.kysely,
    );
    await first.close();
    await expect(open()).rejects.toThrow(
      'The database is newer than this program: it has 999-later. Start the version that made it, or a later one',
    );
  });

  it('applies all of the migrations or none', async () => {
    const database = await open();
    const known = { up: async () => undefined };
    const { rows } = await sql<{ name: string }>`select name from gatehouse_migrations`.execute(
      database.kysely,
    );
    const more = {
      ...Object.fromEntries(rows.map(({ name }) => [name, known])),
      '998-good': {
        up: async (db: Database['kysely']) => void (await sql`create table good (id integer)`.execute(db)),
      },
      '999-bad': {
        up: async (db: Database['kysely']) => void (await sql`create table bad (id nonsense)`.execute(db)),
      },
    };
    await expect(migrate(database.kysely, more)).rejects.toThrow(
      'The database could not be migrated (999-bad): type "nonsense" does not exist',
    );
    const good = await sql`select to_regclass('good') as name`.execute(database.kysely);
    expect(good.rows).toEqual([{ name: null }]);
  });

  it('gives up on a statement that takes too long, and serves the next one', async () => {
    const database = await open({ DATABASE_STATEMENT_TIMEOUT_MS: '100' });
    await expect(SLOW.execute(database.kysely)).rejects.toBeInstanceOf(DatabaseTimeout);
    const { rows } = await sql`select 1 as one`.execute(database.kysely);
    expect(rows).toEqual([{ one: 1 }]);
  });

  it('refuses a query that waits for a connection in vain, and says why', async () => {
    const database = await open({ DATABASE_CONNECT_TIMEOUT_MS: '300', DATABASE_POOL_SIZE: '1' });
    const waitsForItself = database.kysely
      .transaction()
      .execute(() => sql`select 1`.execute(database.kysely));
    const error = await waitsForItself.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DatabaseUnavailable);
    expect(((error as Error).cause as Error).message).toContain('within 300 ms (pool of 1)');
    const { rows } = await sql`select 1 as one`.execute(database.kysely);
    expect(rows).toEqual([{ one: 1 }]);
  });

  it('refuses queries after it is closed', async () => {
    const { kysely } = await open();
    for (const cleanUp of cleanUps.splice(1).toReversed()) await cleanUp();
    await expect(sql`select 1`.execute(kysely)).rejects.toBeInstanceOf(DatabaseUnavailable);
  });
});
