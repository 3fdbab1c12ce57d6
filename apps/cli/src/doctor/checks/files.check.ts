import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tlsConfig } from '#transport';
import { fail, orPass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';

const OTHERS = 0o007;
const GROUP_WRITES = 0o020;
const NOT_OWNER = 0o077;

/** Who on this machine may read secrets and change the trail. */
export const filesCheck: Check = {
  name: 'files',
  read: 'docs/runbooks/service.md#files-are-open',
  async look(site) {
    const findings = [...(await dataDir(site)), ...(await secretFiles(site))];
    return orPass(findings, 'the data folder and the files of secrets are for their owner');
  },
};

async function dataDir(site: Site): Promise<Finding[]> {
  const folder = await stat(site.dataDir).catch(() => undefined);
  if (!folder?.isDirectory()) return [warn(`DATA_DIR (${site.dataDir}) is not there yet`)];
  const found: Finding[] = [];
  const open = folder.mode & NOT_OWNER;
  if (open & OTHERS || open & GROUP_WRITES)
    found.push(fail(`DATA_DIR is open to others (${octal(folder.mode)}): chmod 700 it`));
  else if (open) found.push(warn(`DATA_DIR is open to its group (${octal(folder.mode)}): chmod 700 it`));
  for (const name of await readdir(site.dataDir)) {
    if (!/pepper|key|secret/.test(name)) continue;
    const { mode } = await stat(join(site.dataDir, name));
    if (mode & NOT_OWNER)
      found.push(fail(`${name} in DATA_DIR is open to others (${octal(mode)}): chmod 600 it`));
  }
  return found;
}

/** The group may read: that is how Kubernetes gives a secret to one user. */
async function secretFiles(site: Site): Promise<Finding[]> {
  const named = site.settings.map(({ setting, file }) => [`${setting.env}_FILE`, file] as const);
  const { keyPath } = site.config(tlsConfig);
  const found = await Promise.all(
    [...named, ['SSL_KEY_PATH', keyPath] as const].map(async ([name, path]) => {
      if (path === undefined) return [];
      const { mode } = await stat(path);
      const isOpen = (mode & (OTHERS | GROUP_WRITES)) !== 0;
      return isOpen
        ? [fail(`the file of ${name} is open to others (${octal(mode)}): chmod 640 or 600 it`)]
        : [];
    }),
  );
  return found.flat();
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8);
}
