/** Table of the encryption at rest; migrations/008-encryption.ts makes it. */
export interface EncryptionTables {
  encryption_keys: EncryptionKeysRow;
}

/** One row. */
export interface EncryptionKeysRow {
  id: number;
  /** A known text, sealed by the key that was put in force last: a wrong key is found by it. */
  canary: string;
  /** The key itself, only where replicas share the database and nobody has set ENCRYPTION_KEY. */
  shared_key: string | null;
  /** The key that words are blinded with, sealed. It outlives a rotation. */
  index_key: string | null;
}
