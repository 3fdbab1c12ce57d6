// Run once while the image is made, by Node itself: it removes the shell too.
// Debian's list of packages (/var/lib/dpkg) stays, for scanners read from it which versions are in the image.
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE_MANAGERS = new Set([
  'npm',
  'npx',
  'corepack',
  'yarn',
  'yarnpkg',
  'pnpm',
  'pnpx',
  'docker-entrypoint.sh',
]);
const SHELLS = new Set(['sh', 'bash', 'dash', 'rbash']);
const BIN = ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin'];
/** Of Debian: its package managers, Perl, and whatever changes users. */
const UNWANTED =
  /^(?:apt|dpkg|deb|perl|su$|sudo|passwd|chpasswd|useradd|usermod|adduser|groupadd|login|newgrp|chsh|chfn|mount$|umount$)/;
const SET_ID = 0o6000;

/** Every command of the program by its own name. */
for (const [name, path] of Object.entries(JSON.parse(readFileSync('/app/package.json', 'utf8')).bin)) {
  symlinkSync(join('/app', path), join('/usr/local/bin', name));
}

mkdirSync('/data');
chmodSync('/data', 0o700);
chownSync('/data', 1000, 1000);

for (const path of [
  '/usr/local/lib/node_modules',
  '/usr/local/include',
  '/usr/local/share',
  '/tmp/trim.mjs',
]) {
  rmSync(path, { recursive: true, force: true });
}
for (const name of entries('/opt')) {
  if (name.startsWith('yarn-')) rmSync(join('/opt', name), { recursive: true });
}
for (const folder of BIN) {
  for (const name of entries(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const isUnwanted = UNWANTED.test(name) || PACKAGE_MANAGERS.has(name) || SHELLS.has(name);
    if (found && (isUnwanted || (found.isFile() && (found.mode & SET_ID) !== 0)))
      rmSync(path, { recursive: true });
  }
}

function entries(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
