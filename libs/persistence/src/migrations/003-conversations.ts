import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table conversations (
      id             text primary key,
      seq            integer generated always as identity unique,
      scenario_title text,
      original_title text,
      url            text,
      created_by     text not null,
      created_at     timestamptz not null,
      updated_at     timestamptz not null,
      chunk_count    integer not null,
      term_count     integer not null
    )`.execute(db);
  await sql`
    create table conversation_chunks (
      id           bigint generated always as identity primary key,
      conversation integer not null references conversations (seq) on delete cascade,
      position     integer not null,
      text         text not null,
      author_name  text,
      author_type  text,
      said_at      timestamptz,
      unique (conversation, position)
    )`.execute(db);
  // No reference to the chunk: the one to the conversation cleans up, at half the price of two.
  await sql`
    create table conversation_terms (
      term         text not null,
      chunk        bigint not null,
      conversation integer not null references conversations (seq) on delete cascade,
      tf           smallint not null,
      chunk_terms  smallint not null,
      whole_tf     integer not null,
      whole_terms  integer not null,
      leads        boolean not null,
      primary key (term, chunk)
    )`.execute(db);
  await sql`create index conversations_by_age on conversations (updated_at)`.execute(db);
  await sql`create index conversation_terms_by_conversation on conversation_terms (conversation)`.execute(db);
}
