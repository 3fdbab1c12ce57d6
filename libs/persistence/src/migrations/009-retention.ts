import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table audit_removals (
      key  text primary key,
      line text not null
    )`.execute(db);
}
