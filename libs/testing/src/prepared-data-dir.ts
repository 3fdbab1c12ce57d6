import { cpSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { scratchFolder, type ScratchFolder } from './scratch-folder.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A DATA_DIR with an empty embedded database in it. Making one takes seconds, copying one a moment. */
export async function preparedDataDir(): Promise<ScratchFolder> {
  const scratch = await scratchFolder();
  // In one go: a thousand small files take the asynchronous one twenty times as long.
  cpSync(await template(), join(scratch.path, 'database'), { recursive: true });
  return scratch;
}

/** Kept beside the packages from run to run, one for each version of PGlite. Nothing of ours is in it. */
async function template(): Promise<string> {
  const cache = join(ROOT, 'node_modules', '.cache', 'gatehouse');
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const ready = join(cache, `pglite-${manifest.dependencies['@electric-sql/pglite']}`);
  if (await stat(ready).catch(() => undefined)) return ready;
  await mkdir(cache, { recursive: true });
  const fresh = await mkdtemp(join(cache, 'new-'));
  await (await PGlite.create({ dataDir: fresh })).close();
  // Where two specs made one at once, the second finds the name taken.
  await rename(fresh, ready).catch(() => rm(fresh, { recursive: true, force: true }));
  return ready;
}
