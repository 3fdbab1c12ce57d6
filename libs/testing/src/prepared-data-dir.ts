import { hash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { readConfig } from '#config';
import { DataFolder, openDatabase, persistenceConfig } from '#persistence';
import { scratchFolder, type ScratchFolder } from './scratch-folder.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Beside the packages: what is made is kept from run to run. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'gatehouse');
const MIGRATIONS = join(ROOT, 'libs', 'persistence', 'src', 'migrations');

/** A DATA_DIR with an embedded database in it: empty, or as a start of this version leaves it. Making one takes seconds, copying one a moment. */
export async function preparedDataDir({ migrated = false } = {}): Promise<ScratchFolder> {
  const scratch = await scratchFolder();
  const template = await (migrated ? migratedDatabase() : emptyDatabase());
  // In one go: a thousand small files take the asynchronous one twenty times as long.
  cpSync(template, databaseIn(scratch.path), { recursive: true });
  return scratch;
}

/** One for each version of PGlite. Nothing of ours is in it. */
function emptyDatabase(): Promise<string> {
  return kept(`pglite-${pgliteVersion()}`, async (folder) => {
    await (await PGlite.create({ dataDir: databaseIn(folder) })).close();
  });
}

/** One for each set of migrations: in a stale one, a start would do what is missing. */
function migratedDatabase(): Promise<string> {
  const migrations = readdirSync(MIGRATIONS).toSorted();
  const text = migrations.map((name) => readFileSync(join(MIGRATIONS, name), 'utf8')).join('\0');
  const name = `migrated-${pgliteVersion()}-${hash('sha256', text, 'hex').slice(0, 16)}`;
  return kept(name, async (path) => {
    cpSync(await emptyDatabase(), databaseIn(path), { recursive: true });
    const folder = await DataFolder.open(path);
    const database = await openDatabase(readConfig(persistenceConfig, { DATA_DIR: path }), folder);
    await database.close();
    await folder.close();
  });
}

/** The database of that name, which `make` leaves in a data folder where there is none yet. */
async function kept(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const ready = join(CACHE, name);
  if (await stat(ready).catch(() => undefined)) return ready;
  await mkdir(CACHE, { recursive: true });
  const fresh = await mkdtemp(join(CACHE, 'new-'));
  await make(fresh);
  // Where two specs made one at once, the second finds the name taken.
  await rename(databaseIn(fresh), ready).catch(() => undefined);
  await rm(fresh, { recursive: true, force: true });
  return ready;
}

function databaseIn(folder: string): string {
  return join(folder, 'database');
}

function pgliteVersion(): string | undefined {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return manifest.dependencies['@electric-sql/pglite'];
}
