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
  /** A key that words were blinded with once, whatever ENCRYPTION_KEY was, sealed; null once none is any more. */
  index_key: string | null;
}
