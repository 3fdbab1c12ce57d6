import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table audit_records (
      chain          text        not null,
      seq            bigint      not null,
      time           timestamptz not null,
      event          text        not null,
      result         text,
      severity       text        not null,
      operation      text,
      principal_id   text,
      ip             text,
      correlation_id text,
      line           text        not null,
      primary key (chain, seq)
    )`.execute(db);
  await sql`create index audit_records_by_time on audit_records (time)`.execute(db);
  await sql`create index audit_records_by_call on audit_records (correlation_id)`.execute(db);
  await sql`
    create table audit_checkpoints (
      chain   text        not null,
      segment integer     not null,
      seq     bigint      not null,
      hash    text        not null,
      state   text        not null,
      time    timestamptz not null,
      line    text        not null,
      primary key (chain, segment)
    )`.execute(db);
  await sql`
    create table audit_index (
      chain   text    primary key,
      segment integer not null,
      bytes   bigint  not null
    )`.execute(db);
}
