import { sql, type Kysely } from 'kysely';
import type { Tables } from '#persistence';

/**
 * Inserts lines of the journal (without line breaks). The database takes the columns out of the lines itself: one
 * parameter, and no second reading of what was just written.
 */
export async function insertRecords(kysely: Kysely<Tables>, lines: readonly string[]): Promise<void> {
  await insertion(lines).execute(kysely);
}

/** The same, passing over records that are there already. */
export async function insertMissingRecords(kysely: Kysely<Tables>, lines: readonly string[]): Promise<void> {
  await sql`${insertion(lines)} on conflict (chain, seq) do nothing`.execute(kysely);
}

function insertion(lines: readonly string[]) {
  // json_to_record reads a line once; ten "->>" would read it ten times.
  return sql`
    insert into audit_records
      (chain, seq, time, event, result, severity, operation, principal_id, ip, correlation_id, line)
    select chain, seq, time, event, result, severity, operation, principal->>'id', ip, correlation_id, line
    from unnest(${lines}::text[]) as given (line), json_to_record(line::json) as record (
      chain text, seq bigint, time timestamptz, event text, result text, severity text, operation text,
      principal json, ip text, correlation_id text)`;
}
