import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table oauth_clients (
      id            text primary key,
      name          text        not null,
      role          text        not null,
      secret_digest text,
      metadata      text        not null,
      registered    boolean     not null default false,
      created_at    timestamptz not null default clock_timestamp(),
      created_by    text        not null,
      used_at       timestamptz not null default clock_timestamp()
    )`.execute(db);
  await sql`create index oauth_clients_by_age on oauth_clients (created_at desc, id)`.execute(db);
  await sql`
    create table oauth_artifacts (
      model       text        not null,
      id          text        not null,
      payload     text        not null,
      grant_id    text,
      uid         text,
      client_id   text,
      consumed_at timestamptz,
      expires_at  timestamptz not null,
      primary key (model, id)
    )`.execute(db);
  await sql`create index oauth_artifacts_by_grant on oauth_artifacts (grant_id)`.execute(db);
  await sql`create index oauth_artifacts_by_uid on oauth_artifacts (uid)`.execute(db);
  await sql`create index oauth_artifacts_by_client on oauth_artifacts (client_id)`.execute(db);
  await sql`create index oauth_artifacts_by_expiry on oauth_artifacts (expires_at)`.execute(db);
  await sql`
    create table oauth_signing_keys (
      kid         text primary key,
      public_jwk  text        not null,
      private_jwk text        not null,
      created_at  timestamptz not null,
      signs_from  timestamptz not null,
      expires_at  timestamptz
    )`.execute(db);
}
