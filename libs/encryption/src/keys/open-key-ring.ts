import { Logger } from '@nestjs/common';
import { ConfigError, type ConfigOf } from '#config';
import { Database, DataFolder } from '#persistence';
import type { encryptionConfig } from '../encryption.config.ts';
import { Envelope } from '../envelope.ts';
import { splitSealed, type SealContext } from '../sealed-text.ts';
import { EncryptionKey } from './encryption-key.ts';
import { makeKeyFile, readKeyFile } from './key-file.ts';
import { KeyRing } from './key-ring.ts';

type Config = ConfigOf<typeof encryptionConfig>;

export const CANARY = 'gatehouse';
export const canaryPlace: SealContext = { table: 'encryption_keys', column: 'canary', row: '1' };

/**
 * The keys for this database. ENCRYPTION_KEY where it is set; else a file in DATA_DIR for the embedded database, and the
 * database itself where replicas share one. A canary in the database, sealed by the key that was last in force, is opened
 * first, so that a wrong key is found at the start and not at some row.
 * @throws ConfigError when none of the keys opens it, or when ENCRYPT_AT_REST needs a key that is not set
 */
export async function openKeyRing(config: Config, database: Database, folder: DataFolder): Promise<KeyRing> {
  const embedded = database.engine === 'pglite';
  if (config.encryptAtRest && !embedded && !config.key) {
    throw new ConfigError([
      'ENCRYPT_AT_REST=true needs ENCRYPTION_KEY with DATABASE_URL: 32 random bytes, the same on all replicas ' +
        '("openssl rand -base64 32" makes one). A key that lay in the database would protect nothing in it',
    ]);
  }
  const kept = await database.kysely.selectFrom('encryption_keys').selectAll().executeTakeFirst();
  const ring = embedded
    ? await embeddedRing(config, folder, kept !== undefined)
    : sharedRing(config, kept?.shared_key ?? null);
  return await agree(database, ring, { shares: !embedded && !config.key });
}

/** The file is kept beside ENCRYPTION_KEY, for what it has sealed. */
async function embeddedRing(config: Config, folder: DataFolder, begun: boolean): Promise<KeyRing> {
  const found = await readKeyFile(folder);
  if (config.key) return ringOf(config, found);
  if (found) return new KeyRing(found, previousOf(config));
  if (begun) throw refusal('it is not set and DATA_DIR holds no file encryption-key');
  return new KeyRing(await makeKeyFile(folder), previousOf(config));
}

function sharedRing(config: Config, sharedText: string | null): KeyRing {
  const shared = sharedText === null ? undefined : new EncryptionKey(Buffer.from(sharedText, 'base64'));
  if (config.key) return ringOf(config, shared);
  return new KeyRing(shared ?? EncryptionKey.generate(), previousOf(config));
}

function ringOf(config: Config, former: EncryptionKey | undefined): KeyRing {
  const previous = previousOf(config);
  return new KeyRing(new EncryptionKey(config.key!), former ? [...previous, former] : previous);
}

function previousOf({ previousKeys }: Config): EncryptionKey[] {
  return previousKeys.map((bytes) => new EncryptionKey(bytes));
}

/** Opens the canary, and leaves it sealed by the key in force: whoever started last says which that is. */
async function agree(database: Database, ring: KeyRing, { shares }: { shares: boolean }): Promise<KeyRing> {
  const canary = new Envelope(ring).seal(CANARY, canaryPlace);
  const { kysely } = database;
  const shared_key = shares ? ring.current.toText() : null;
  await kysely
    .insertInto('encryption_keys')
    .values({ id: 1, canary, shared_key })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const now = await kysely.selectFrom('encryption_keys').selectAll().executeTakeFirstOrThrow();
  const id = splitSealed(now.canary)?.keyId ?? 'of another version';
  if (shares) {
    new Logger('Encryption').warn(
      'ENCRYPTION_KEY is not set, so a key is kept in the database, beside what it seals: set it on all replicas',
    );
    // Another replica may have come first.
    if (now.shared_key && now.shared_key !== shared_key) return agreedUpon(now.shared_key, ring);
    if (!now.shared_key) throw refusal('it is not set');
  }
  if (!ring.get(id)) throw refusal(`none of those that are set is that one, key ${id}`);
  try {
    new Envelope(ring).open(now.canary, canaryPlace);
  } catch (cause) {
    throw refusal(`what key ${id} sealed there to tell it by was changed`, cause);
  }
  if (id !== ring.current.id) await kysely.updateTable('encryption_keys').set({ canary }).execute();
  return ring;
}

function agreedUpon(shared: string, ring: KeyRing): KeyRing {
  const others = ring.ids.slice(0, -1).map((id) => ring.get(id)!);
  return new KeyRing(new EncryptionKey(Buffer.from(shared, 'base64')), others);
}

function refusal(why: string, cause?: unknown): ConfigError {
  const error = new ConfigError([
    `ENCRYPTION_KEY must be the one that this database was sealed with, and ${why}. Set it to the value that the other ` +
      'replicas, or the last start, had; a former key belongs into ENCRYPTION_PREVIOUS_KEYS. What is sealed by a key ' +
      'that is lost stays sealed for good',
  ]);
  return Object.assign(error, { cause });
}

/** Whether the key in force here is the one that was put in force last: only its processes seal anew what others sealed. */
export async function isInForce(database: Database, keyId: string): Promise<boolean> {
  return (await keyInForce(database)) === keyId;
}

/** Id of the key that was put in force last, by whichever process. */
export async function keyInForce(database: Database): Promise<string> {
  const { canary } = await database.kysely
    .selectFrom('encryption_keys')
    .select('canary')
    .executeTakeFirstOrThrow();
  return splitSealed(canary)?.keyId ?? 'of another version';
}
