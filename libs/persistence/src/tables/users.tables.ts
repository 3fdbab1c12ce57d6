/** Tables of the people who log in, and of their sessions; migrations/006-users.ts and 011-enrolment.ts make them. */
export interface UsersTables {
  users: UsersRow;
  user_recovery_codes: RecoveryCodesRow;
  user_networks: UserNetworksRow;
  login_attempts: LoginAttemptsRow;
  token_families: TokenFamiliesRow;
  refresh_tokens: RefreshTokensRow;
}

export interface UsersRow {
  id: string;
  name: string;
  /** By which it is found, whatever its letter case. */
  folded_name: string;
  role: string;
  tier: string | null;
  /** PHC string. */
  password_hash: string;
  /** Sealed. */
  totp_seed: string | null;
  /** Sealed; not confirmed by a code yet. */
  totp_pending: string | null;
  /** The session that was shown it, and that alone may confirm it. */
  totp_pending_session: string | null;
  /** Time step of the last code that was accepted: no earlier one ever is. */
  totp_step: number | null;
  /** Keyed digest of the code that lets them set up their first second factor; gone once it was used. */
  enrolment_digest: string | null;
  enrolment_expires_at: Date | null;
  created_at: Date;
  created_by: string;
  changed_at: Date;
  last_login_at: Date | null;
  disabled_at: Date | null;
}

/** One code that was not used yet. */
export interface RecoveryCodesRow {
  user_id: string;
  digest: string;
}

/** A network that a user has logged in from. */
export interface UserNetworksRow {
  user_id: string;
  digest: string;
  seen_at: Date;
}

/** Attempts that have not gone well, of one user from one place. */
export interface LoginAttemptsRow {
  /** Keyed digest of both. */
  subject: string;
  failures: number;
  held_until: Date;
  expires_at: Date;
}

/** One login and all that was refreshed from it. */
export interface TokenFamiliesRow {
  id: string;
  user_id: string;
  created_at: Date;
  expires_at: Date;
  /** When a second factor was shown last. */
  otp_at: Date | null;
  ended_at: Date | null;
  ended_by: string | null;
}

export interface RefreshTokensRow {
  digest: string;
  family_id: string;
  used_at: Date | null;
  /** Keyed digest of the network. */
  used_from: string | null;
}
