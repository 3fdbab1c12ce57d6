/** Tables of the authorization server; migrations/007-oauth.ts, 011-enrolment.ts and 013-oauth-clients.ts make them. */
export interface OAuthTables {
  oauth_clients: OAuthClientRow;
  oauth_artifacts: OAuthArtifactRow;
  oauth_signing_keys: OAuthSigningKeyRow;
}

/** A program that may ask for tokens. */
export interface OAuthClientRow {
  id: string;
  name: string;
  /** What it may be at most where it acts for itself. */
  role: string;
  /** HMAC-SHA256 of its secret under the pepper, base64url; none of a public client. */
  secret_digest: string | null;
  /** JSON of RFC 7591, without id and secret. */
  metadata: string;
  /** It has registered itself (RFC 7591), so it never acts for itself. */
  registered: boolean;
  created_at: Date;
  /** Principal that made it. */
  created_by: string;
  /** To the day: a client that registered itself and rests is removed. */
  used_at: Date;
  /** Principal that was shown the secret of now, and when; null where that is who made the client. */
  secret_by: string | null;
  secret_at: Date | null;
  /** Keyed digest of the network that a client has registered itself from, which no person has let in yet. */
  network: string | null;
  /** Until when that one is kept. */
  unused_until: Date | null;
}

/** What is under way or was given out: interactions, sessions, codes, grants, refresh tokens, revoked tokens. */
export interface OAuthArtifactRow {
  model: string;
  /** Digest of what its bearer shows. */
  id: string;
  /** Sealed JSON. */
  payload: string;
  /** Digest of the grant that it came from. */
  grant_id: string | null;
  /** Digest of a session's second name. */
  uid: string | null;
  client_id: string | null;
  /** The person whom it is about; of a grant from before 011, null until somebody asks for it. */
  account_id: string | null;
  /** Keyed digest of the network that began it; only of what anybody may begin. */
  network: string | null;
  /** It may be used once, and was. */
  consumed_at: Date | null;
  expires_at: Date;
}

/** A key that access tokens are signed with. */
export interface OAuthSigningKeyRow {
  kid: string;
  /** JSON. */
  public_jwk: string;
  /** Sealed JSON. */
  private_jwk: string;
  created_at: Date;
  /** It is published before, so that whoever checks tokens knows it in time. */
  signs_from: Date;
  /** From then on nothing that it signed counts; null while it is the newest. */
  expires_at: Date | null;
}
