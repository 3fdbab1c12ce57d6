import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { keepFile, readKept } from './keep-file.ts';

describe('a file that is kept', () => {
  it('is for its owner only, replaces the one before, and leaves nothing beside it', async () => {
    await using folder = await scratchFolder();
    const path = join(folder.path, 'key');
    await writeFile(`${path}.new`, 'what a crash has left, which was longer');
    for (const text of ['first', 'second']) await keepFile(path, text);
    expect(await readKept(path)).toBe('second');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder.path)).toEqual(['key']);
  });

  it('leaves the one before where it cannot be written', async () => {
    await using folder = await scratchFolder();
    await expect(keepFile(join(folder.path, 'nowhere', 'key'), 'text')).rejects.toThrow('ENOENT');
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('may not be there yet, and what else is wrong with it is told', async () => {
    await using folder = await scratchFolder();
    expect(await readKept(join(folder.path, 'key'))).toBeUndefined();
    await expect(readKept(folder.path)).rejects.toThrow('EISDIR');
  });
});
