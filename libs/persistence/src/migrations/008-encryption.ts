import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table encryption_keys (
      id         smallint primary key check (id = 1),
      canary     text not null,
      shared_key text,
      index_key  text
    )`.execute(db);
  await sql`alter table conversations add column sealed_by text, add column title_mark text`.execute(db);
  await sql`alter table conversation_chunks add column author_mark text`.execute(db);
}
