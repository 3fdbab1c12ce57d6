import { sql, type Kysely } from 'kysely';

/** A first second factor asks for a code; what the authorization server keeps is known by network and by person, too. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table users
      add column enrolment_digest     text,
      add column enrolment_expires_at timestamptz,
      add column totp_pending_session text`.execute(db);
  // Whoever had the password has begun it.
  await sql`update users set totp_pending = null where totp_pending is not null`.execute(db);
  await sql`
    alter table oauth_artifacts
      add column account_id text,
      add column network    text`.execute(db);
  await sql`create index oauth_artifacts_by_account on oauth_artifacts (account_id)`.execute(db);
  await sql`
    create index oauth_artifacts_by_network on oauth_artifacts (network, expires_at) where network is not null`.execute(
    db,
  );
}
