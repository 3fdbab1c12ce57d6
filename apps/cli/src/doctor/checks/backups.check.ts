import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { backupConfig, persistenceConfig } from '#persistence';
import { fail, orPass, warn, type Check } from '../check.ts';
import type { Site } from '../site.ts';
import { describeAge } from './audit.check.ts';

const HOUR_MS = 3_600_000;

/** How much would be lost. Only a restore says whether a backup is good: docs/runbooks/disaster-recovery.md has one. */
export const backupsCheck: Check = {
  name: 'backups',
  read: 'docs/runbooks/disaster-recovery.md#back-up',
  async look(site) {
    const { dir, maxAgeHours } = site.config(backupConfig);
    const backups = dir === undefined ? await backupsOfItsOwn(site) : await backupsIn(dir);
    const newest = backups.toSorted((a, b) => b.mtimeMs - a.mtimeMs)[0];
    if (!newest && dir === undefined)
      return [warn('BACKUP_DIR is not set: nobody here knows whether there are backups')];
    if (!newest) return [fail(`BACKUP_DIR (${dir}) holds no backup`)];
    const age = site.now() - newest.mtimeMs;
    const open = backups.filter(({ mode }) => (mode & 0o007) !== 0).length;
    return orPass(
      [
        age > maxAgeHours * HOUR_MS && fail(`the newest backup, ${newest.name}, is ${describeAge(age)} old`),
        newest.size === 0 && fail(`the newest backup, ${newest.name}, is empty`),
        open > 0 && fail(`${open} backups can be read by every user of this machine: chmod o= them`),
      ],
      `the newest, ${newest.name}, is ${describeAge(age)} old`,
    );
  },
};

/** Where `gatehouse backup create` puts them unless told. */
async function backupsOfItsOwn(site: Site) {
  if (site.config(persistenceConfig).url !== undefined) return [];
  return backupsIn(join(site.dataDir, 'backups')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

async function backupsIn(folder: string) {
  const names = await readdir(folder);
  const all = await Promise.all(
    names.map(async (name) => ({ name, ...(await figures(join(folder, name))) })),
  );
  // What is hidden is a list of a file system, or half a copy.
  return all.filter(({ name }) => !name.startsWith('.') && !name.endsWith('.new'));
}

async function figures(path: string) {
  const { mtimeMs, size, mode } = await stat(path);
  return { mtimeMs, size, mode };
}
