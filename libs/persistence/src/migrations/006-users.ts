import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table users (
      id            text primary key,
      name          text not null,
      folded_name   text not null unique,
      role          text not null,
      tier          text,
      password_hash text not null,
      totp_seed     text,
      totp_pending  text,
      totp_step     integer,
      created_at    timestamptz not null,
      created_by    text not null,
      changed_at    timestamptz not null,
      last_login_at timestamptz,
      disabled_at   timestamptz
    )`.execute(db);
  await sql`create index users_by_age on users (created_at desc, id)`.execute(db);
  await sql`
    create table user_recovery_codes (
      user_id text not null references users (id) on delete cascade,
      digest  text not null,
      primary key (user_id, digest)
    )`.execute(db);
  await sql`
    create table user_networks (
      user_id text        not null references users (id) on delete cascade,
      digest  text        not null,
      seen_at timestamptz not null,
      primary key (user_id, digest)
    )`.execute(db);
  // No reference to a user: a name that nobody has is held up like one that somebody has.
  await sql`
    create table login_attempts (
      subject    text primary key,
      failures   integer     not null,
      held_until timestamptz not null,
      expires_at timestamptz not null
    )`.execute(db);
  await sql`create index login_attempts_by_expiry on login_attempts (expires_at)`.execute(db);
  await sql`
    create table token_families (
      id         text primary key,
      user_id    text        not null references users (id) on delete cascade,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      otp_at     timestamptz,
      ended_at   timestamptz,
      ended_by   text
    )`.execute(db);
  await sql`create index token_families_by_user on token_families (user_id)`.execute(db);
  await sql`create index token_families_by_expiry on token_families (expires_at)`.execute(db);
  await sql`
    create table refresh_tokens (
      digest    text primary key,
      family_id text not null references token_families (id) on delete cascade,
      used_at   timestamptz,
      used_from text
    )`.execute(db);
  await sql`create index refresh_tokens_by_family on refresh_tokens (family_id)`.execute(db);
}
