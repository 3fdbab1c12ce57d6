import { sql, type Kysely } from 'kysely';

/** Since when each secret has had the value that it has: of most, nobody else can say. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table secret_sightings (
      name        text        primary key,
      fingerprint text        not null,
      since       timestamptz not null
    )`.execute(db);
}
