import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table api_keys (
      id            text primary key,
      principal_id  text not null,
      name          text not null,
      role          text not null,
      tier          text,
      digest        text not null unique,
      created_at    timestamptz not null,
      created_by    text not null,
      expires_at    timestamptz not null,
      last_used_at  timestamptz,
      superseded_at timestamptz,
      revoked_at    timestamptz,
      rotated_from  text unique references api_keys (id)
    )`.execute(db);
  // A name stands for one principal at a time; a revoked key gives its name back. "Ops" and "ops" are one name.
  await sql`
    create unique index api_keys_name_in_use on api_keys (lower(name))
    where revoked_at is null and superseded_at is null`.execute(db);
  await sql`create index api_keys_by_age on api_keys (created_at desc, id)`.execute(db);
  await sql`
    create table api_key_pepper (
      id          smallint primary key check (id = 1),
      fingerprint text not null,
      pepper      text
    )`.execute(db);
}
