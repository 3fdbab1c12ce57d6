import { join } from 'node:path';
import { ConfigError } from '#config';
import { keepFile, readKept, type DataFolder } from '#persistence';

const NAME = 'api-key-pepper';
const SHAPE = /^[\x21-\x7e]{32,}$/;

/** The pepper that an earlier start has left in the data folder, if any. */
export async function readPepperFile(folder: DataFolder): Promise<string | undefined> {
  const secret = (await readKept(join(folder.path, NAME)))?.trim();
  if (secret === undefined || SHAPE.test(secret)) return secret;
  throw new ConfigError([
    `The file ${NAME} in DATA_DIR is damaged: restore it, or set API_KEY_PEPPER to what it held`,
  ]);
}

/** Leaves a new pepper in the data folder before anything is made with it. */
export async function makePepperFile(folder: DataFolder, secret: string): Promise<void> {
  await keepFile(join(folder.path, NAME), `${secret}\n`);
}
