import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table tasks (
      id             text primary key,
      principal_id   text        not null,
      principal      text        not null,
      tool           text        not null,
      call_id        text        not null,
      address        text        not null,
      capabilities   text        not null,
      input          text,
      answers        text,
      questions      text,
      status         text        not null,
      status_message text,
      outcome        text,
      run            integer     not null default 0,
      running        boolean     not null default false,
      interrupted    boolean     not null default false,
      interruptions  integer     not null default 0,
      created_at     timestamptz not null default clock_timestamp(),
      updated_at     timestamptz not null default clock_timestamp(),
      expires_at     timestamptz not null
    )`.execute(db);
  await sql`create index tasks_by_principal on tasks (principal_id)`.execute(db);
  await sql`create index tasks_by_expiry on tasks (expires_at)`.execute(db);
}
