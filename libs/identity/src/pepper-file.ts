import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '#config';
import type { DataFolder } from '#persistence';

const NAME = 'api-key-pepper';
const SHAPE = /^[\x21-\x7e]{32,}$/;

/** The pepper that an earlier start has left in the data folder, if any. */
export async function readPepperFile(folder: DataFolder): Promise<string | undefined> {
  try {
    const secret = (await readFile(join(folder.path, NAME), 'utf8')).trim();
    if (SHAPE.test(secret)) return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  throw new ConfigError([
    `The file ${NAME} in DATA_DIR is damaged: restore it, or set API_KEY_PEPPER to what it held`,
  ]);
}

/** Leaves a new pepper in the data folder, for its owner's eyes only, and on the disk before anything is made with it. */
export async function makePepperFile(folder: DataFolder, secret: string): Promise<void> {
  const path = join(folder.path, NAME);
  // Renamed when whole: a pepper that a crash cut short would stop every later start.
  await writeFile(`${path}.new`, `${secret}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}
