/** Tables of the API keys; migrations/001-api-keys.ts makes them. */
export interface ApiKeysTables {
  api_keys: ApiKeyRow;
  api_key_pepper: ApiKeyPepperRow;
}

/** One issued key. Never the key itself: only its digest. */
export interface ApiKeyRow {
  id: string;
  /** Who the key stands for: its first key and all that were rotated from it share one. */
  principal_id: string;
  name: string;
  role: string;
  tier: string | null;
  /** HMAC-SHA256 of the key under the pepper, base64url. */
  digest: string;
  created_at: Date;
  /** Principal that made it. */
  created_by: string;
  expires_at: Date;
  last_used_at: Date | null;
  /** A newer key of the same principal has taken its name. It works until `expires_at`. */
  superseded_at: Date | null;
  revoked_at: Date | null;
  rotated_from: string | null;
}

/** One row: which pepper the digests were made with. */
export interface ApiKeyPepperRow {
  id: 1;
  /** HMAC-SHA256 of a fixed text under the pepper, base64url: tells two peppers apart, and gives neither away. */
  fingerprint: string;
  /** The pepper itself, where replicas have no other place to share it (no API_KEY_PEPPER). */
  pepper: string | null;
}
