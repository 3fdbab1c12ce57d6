import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CommandError } from '../command-error.ts';

/**
 * Writes each secret into a file of its own, for its owner alone, and overwrites none: whoever runs this twice must not
 * lose what is in use. Answers the settings that name the files.
 */
export async function writeSecrets(
  folder: string,
  secrets: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const root = resolve(folder);
  const there = [...secrets.keys()].filter((name) => existsSync(join(root, name)));
  if (there.length > 0) {
    throw new CommandError('refused', `Nothing was written: ${root} holds ${there.join(', ')} already`);
  }
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (const [name, value] of secrets) {
      await writeFile(join(root, name), `${value}\n`, { mode: 0o600, flag: 'wx', flush: true });
    }
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    throw new CommandError('refused', `${root} can't be written (${code})`, { cause });
  }
  return new Map([...secrets.keys()].map((name) => [`${name}_FILE`, join(root, name)]));
}
