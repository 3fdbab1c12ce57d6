import { join } from 'node:path';
import { ConfigError, keyBytes } from '#config';
import { keepFile, readKept, type DataFolder } from '#persistence';
import { EncryptionKey } from './encryption-key.ts';

const NAME = 'encryption-key';

/** The key that an earlier start has left in the data folder, if any. */
export async function readKeyFile(folder: DataFolder): Promise<EncryptionKey | undefined> {
  const text = await readKept(join(folder.path, NAME));
  if (text === undefined) return undefined;
  const bytes = keyBytes(text.trim());
  if (bytes) return new EncryptionKey(bytes);
  throw new ConfigError([
    `The file ${NAME} in DATA_DIR is damaged: restore it, or set ENCRYPTION_KEY to what it held`,
  ]);
}

/** Leaves a new key in the data folder before anything is sealed with it. */
export async function makeKeyFile(folder: DataFolder): Promise<EncryptionKey> {
  const key = EncryptionKey.generate();
  await keepFile(join(folder.path, NAME), `${key.toText()}\n`);
  return key;
}
