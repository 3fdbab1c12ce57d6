import { sql, type Kysely } from 'kysely';

/** Who knows a client's secret; and of one that registered itself, from which network, and until when it is kept unused. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table oauth_clients
      add column secret_by    text,
      add column secret_at    timestamptz,
      add column network      text,
      add column unused_until timestamptz`.execute(db);
  await sql`create index oauth_clients_registered on oauth_clients (used_at) where registered`.execute(db);
  await sql`
    create index oauth_clients_by_network on oauth_clients (network, unused_until) where network is not null`.execute(
    db,
  );
}
