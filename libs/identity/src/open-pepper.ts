import { Logger } from '@nestjs/common';
import { ConfigError, type ConfigOf } from '#config';
import { Database, DataFolder, type Tables } from '#persistence';
import type { identityConfig } from './identity.config.ts';
import { makePepperFile, readPepperFile } from './pepper-file.ts';
import { Pepper, sameDigest } from './pepper.ts';

type Kept = Tables['api_key_pepper'];

/**
 * The pepper that the keys in this database were made with. API_KEY_PEPPER where it is set; else a file in DATA_DIR for
 * the embedded database, and the database itself where replicas share one: files of their own would part them.
 * @throws ConfigError when it is another one than the first start has used
 */
export async function openPepper(
  { pepper: configured, previousPepper: previous }: ConfigOf<typeof identityConfig>,
  database: Database,
  folder: DataFolder,
): Promise<Pepper> {
  const kept = await keptPepper(database);
  const embedded = database.engine === 'pglite';
  const secret = configured ?? (embedded ? await filePepper(folder, kept) : sharedPepper(kept));
  if (secret === undefined) {
    throw refusal(embedded ? 'it is not set and DATA_DIR holds no file api-key-pepper' : 'it is not set');
  }

  const pepper = new Pepper(secret, configured && previous);
  const now = await keepFirst(database, {
    id: 1,
    fingerprint: pepper.fingerprint,
    pepper: configured || embedded ? null : secret,
  });
  if (!configured && now.pepper) return new Pepper(now.pepper); // Another replica may have come first.
  if (!sameDigest(now.fingerprint, pepper.fingerprint)) {
    const former = configured && previous ? new Pepper(previous).fingerprint : '';
    const replaced =
      sameDigest(now.fingerprint, former) && (await replacePepper(database, former, pepper.fingerprint));
    if (!replaced) throw refusal('this is another one');
  } else if (now.pepper) await forgetShared(database);
  return pepper;
}

/**
 * From now on the database goes by another pepper: a start with neither that one nor, as the one before it, this one is
 * refused. Answers whether it went by `from`, or goes by `to` already.
 */
export async function replacePepper(database: Database, from: string, to: string): Promise<boolean> {
  const update = database.kysely.updateTable('api_key_pepper').set({ fingerprint: to, pepper: null });
  await update.where('fingerprint', '=', from).execute();
  return (await keptPepper(database))?.fingerprint === to;
}

async function filePepper(folder: DataFolder, kept: Kept | undefined): Promise<string | undefined> {
  const found = await readPepperFile(folder);
  if (found || kept) return found;
  const secret = Pepper.generate();
  await makePepperFile(folder, secret);
  return secret;
}

function sharedPepper(kept: Kept | undefined): string | undefined {
  if (kept && !kept.pepper) return undefined;
  new Logger('Identity').warn(
    'API_KEY_PEPPER is not set, so it is kept in the database, beside the digests it protects: set it on all replicas',
  );
  return kept?.pepper ?? Pepper.generate();
}

async function keptPepper(database: Database): Promise<Kept | undefined> {
  return database.kysely.selectFrom('api_key_pepper').selectAll().executeTakeFirst();
}

/** What the first start has kept, which is `mine` if this is it. */
async function keepFirst(database: Database, mine: Kept): Promise<Kept> {
  const insert = database.kysely.insertInto('api_key_pepper').values(mine);
  await insert.onConflict((conflict) => conflict.doNothing()).execute();
  return (await keptPepper(database)) ?? mine;
}

/** From now on it comes from API_KEY_PEPPER. */
async function forgetShared(database: Database): Promise<void> {
  await database.kysely.updateTable('api_key_pepper').set({ pepper: null }).execute();
}

function refusal(why: string): ConfigError {
  return new ConfigError([
    `API_KEY_PEPPER must be the one that the keys in this database were made with, and ${why}. ` +
      'To change it, set API_KEY_PREVIOUS_PEPPER to the one before. Otherwise: ' +
      'Set it to the value that the other replicas, or the last start, had. If that is lost, so are the keys: ' +
      '"gatehouse keys reset --local --yes", with the gateway stopped, revokes them all and makes a new admin key',
  ]);
}
