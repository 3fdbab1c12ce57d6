import { sql, type Kysely } from 'kysely';

/** Where each task was asked for, for the records of its runs. Of those that are there nobody knows it any more. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table tasks add column door text not null default 'mcp'`.execute(db);
}
