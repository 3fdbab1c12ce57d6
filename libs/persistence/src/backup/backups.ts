import { constants } from 'node:fs';
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DataFolder } from '../folder/data-folder.ts';
import { PersistenceError } from '../persistence-error.ts';
import { faultsOf, makeManifest, readManifest } from './manifest.ts';

const DAY_MS = 86_400_000;
const NAME = /^\d{8}T\d{6}Z$/;

export interface Backup {
  /** When it was made: `20260728T031500Z`. */
  readonly name: string;
  readonly path: string;
  readonly created: Date;
  readonly bytes: number;
}

/**
 * Copies of the data folder of a gateway that is stopped: database, audit journal and the secrets that lie there, so that a
 * backup can be started as it is. Whoever reads one reads all of it, unless ENCRYPTION_KEY comes from elsewhere.
 */
export class Backups {
  readonly #path: string;

  constructor(path: string) {
    this.#path = resolve(path);
  }

  /** `folder` is taken, so nobody writes in it meanwhile. */
  async create(folder: DataFolder, now = new Date()): Promise<Backup> {
    const name = now.toISOString().replace(/[-:]|\.\d+/g, '');
    const path = join(this.#path, name);
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    // Named when whole: what was broken off is no backup.
    for (const left of (await readdir(this.#path)).filter((one) => one.endsWith('.new')))
      await rm(join(this.#path, left), { recursive: true, force: true });
    const unfinished = `${path}.new`;
    await mkdir(unfinished, { mode: 0o700 });
    for (const entry of (await readdir(folder.path)).filter((one) => this.#belongs(folder, one))) {
      const options = { recursive: true, mode: constants.COPYFILE_FICLONE };
      await cp(join(folder.path, entry), join(unfinished, entry), options);
    }
    const { bytes } = await makeManifest(unfinished, now);
    await rename(unfinished, path).catch((cause: unknown) => {
      throw new PersistenceError(`There is a backup ${name} already`, { cause });
    });
    return { name, path, created: now, bytes };
  }

  /** Oldest first. */
  async list(): Promise<Backup[]> {
    const names = await readdir(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const backups: Backup[] = [];
    for (const name of names.filter((one) => NAME.test(one)).sort()) {
      const path = join(this.#path, name);
      const manifest = await readManifest(path);
      backups.push({
        name,
        path,
        created: new Date(manifest?.created ?? timeIn(name)),
        bytes: manifest?.bytes ?? 0,
      });
    }
    return backups;
  }

  /** @throws PersistenceError where there is none of this name */
  async get(name: string): Promise<Backup> {
    const found = (await this.list()).find((backup) => backup.name === name);
    if (found) return found;
    throw new PersistenceError(`There is no backup of this name: "gatehouse backup list" has them all`);
  }

  /** What is not as it was backed up, in words. */
  async faults({ path }: Backup): Promise<string[]> {
    const manifest = await readManifest(path);
    return manifest ? faultsOf(path, manifest) : ['it has no manifest, or one that was changed'];
  }

  /** Removes those that are too old, but never the newest. */
  async prune(days: number, now = Date.now()): Promise<Backup[]> {
    const all = await this.list();
    const old = all.slice(0, -1).filter(({ created }) => created.getTime() < now - days * DAY_MS);
    for (const { path } of old) await rm(path, { recursive: true, force: true });
    return old;
  }

  /** Not the backups themselves, nor logs, nor what says which process has the folder. */
  #belongs(folder: DataFolder, entry: string): boolean {
    if (this.#path.startsWith(join(folder.path, entry))) return false;
    return entry !== 'logs' && !entry.includes('lock') && !entry.endsWith('.new');
  }
}

function timeIn(name: string): string {
  return name.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5');
}
