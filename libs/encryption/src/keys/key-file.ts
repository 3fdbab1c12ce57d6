import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, keyBytes } from '#config';
import type { DataFolder } from '#persistence';
import { EncryptionKey } from './encryption-key.ts';

const NAME = 'encryption-key';

/** The key that an earlier start has left in the data folder, if any. */
export async function readKeyFile(folder: DataFolder): Promise<EncryptionKey | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder.path, NAME), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const bytes = keyBytes(text.trim());
  if (bytes) return new EncryptionKey(bytes);
  throw new ConfigError([
    `The file ${NAME} in DATA_DIR is damaged: restore it, or set ENCRYPTION_KEY to what it held`,
  ]);
}

/** Leaves a new key in the data folder, for its owner's eyes only, and on the disk before anything is sealed with it. */
export async function makeKeyFile(folder: DataFolder): Promise<EncryptionKey> {
  const key = EncryptionKey.generate();
  const path = join(folder.path, NAME);
  // Renamed when whole: a key that a crash cut short would stop every later start.
  await writeFile(`${path}.new`, `${key.toText()}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return key;
}
