import { createHmac, randomBytes } from 'node:crypto';
import { ConfigError } from '#config';
import type { Database } from '#persistence';
import type { Envelope } from './envelope.ts';
import { splitSealed, type SealContext } from './sealed-text.ts';

export const indexPlace: SealContext = { table: 'encryption_keys', column: 'index_key', row: '1' };
/** 96 bits: two of 2^32 different texts have one mark with a chance of 2^-33. */
const MARK_BYTES = 12;

/**
 * What sealed texts are found by: the same text of a kind has the same mark (HMAC-SHA-256), and nobody without the key can
 * tell what a mark stands for, or make one for a guess. Who reads the database still sees which rows have the same mark.
 *
 * The key is random, sealed in the database, and outlives a rotation of ENCRYPTION_KEY: another one would change all marks.
 */
export class BlindIndex {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** `~` and 16 letters: nothing that PostgreSQL's parser makes a word of. */
  mark(kind: string, text: string): string {
    const digest = createHmac('sha256', this.#key).update(`${kind}\0${text}`).digest();
    return `~${digest.toString('base64url', 0, MARK_BYTES)}`;
  }
}

/** Opens the index key, or makes it; leaves it sealed by the key in force. @throws ConfigError when it does not open */
export async function openBlindIndex(database: Database, envelope: Envelope): Promise<BlindIndex> {
  const { kysely } = database;
  const fresh = envelope.seal(randomBytes(32).toString('base64'), indexPlace);
  await kysely
    .updateTable('encryption_keys')
    .set({ index_key: fresh })
    .where('index_key', 'is', null)
    .execute();
  const { index_key: sealed } = await kysely
    .selectFrom('encryption_keys')
    .select('index_key')
    .executeTakeFirstOrThrow();
  const text = opened(envelope, sealed ?? '');
  if (splitSealed(sealed ?? '')?.keyId !== envelope.keyId) {
    const next = kysely.updateTable('encryption_keys').set({ index_key: envelope.seal(text, indexPlace) });
    await next.where('index_key', '=', sealed).execute();
  }
  return new BlindIndex(Buffer.from(text, 'base64'));
}

function opened(envelope: Envelope, sealed: string): string {
  try {
    return envelope.open(sealed, indexPlace);
  } catch (cause) {
    const fault =
      `The key of the index does not open: ENCRYPTION_PREVIOUS_KEYS must hold key ${splitSealed(sealed)?.keyId ?? '?'}, ` +
      'which sealed it';
    throw Object.assign(new ConfigError([fault]), { cause });
  }
}
