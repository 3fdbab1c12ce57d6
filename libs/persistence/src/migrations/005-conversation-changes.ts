import { sql, type Kysely } from 'kysely';

/** So many writers count at once without waiting for each other's commit. */
const STRIPES = 32;

/**
 * Counts what changes the answers of the knowledge base, in the transaction that changes them: their sum is the same twice
 * only where nothing was committed between. Triggers, so that no writer can forget it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table conversation_changes (
      stripe  integer primary key,
      changes bigint  not null
    )`.execute(db);
  await sql`
    insert into conversation_changes (stripe, changes)
    select stripe, 0 from generate_series(0, ${sql.lit(STRIPES - 1)}) as stripe`.execute(db);
  await sql`
    create function count_conversation_change() returns trigger language plpgsql as $$
    begin
      update conversation_changes set changes = changes + 1
      where stripe = pg_backend_pid() % ${sql.lit(STRIPES)};
      return null;
    end $$`.execute(db);
  await sql`
    create trigger conversations_changed after insert or update or delete or truncate on conversations
    for each statement execute function count_conversation_change()`.execute(db);
}
