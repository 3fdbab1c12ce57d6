import { statSync } from 'node:fs';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import { PersistenceError } from '../persistence-error.ts';
import { FolderLock } from './folder-lock.ts';

/** The folder of DATA_DIR: it exists, can be written, and no other process works in it. */
export class DataFolder {
  /** Absolute path. */
  readonly path: string;
  readonly #lock: FolderLock | undefined;

  private constructor(path: string, lock?: FolderLock) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Makes the folder where it is missing, for its owner only (0700), and takes it for this process until `close`.
   * Throws a PersistenceError when it can't be written or another process has it.
   */
  static async open(dataDir: string): Promise<DataFolder> {
    const path = resolve(dataDir);
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
      await warnIfShared(path);
      return new DataFolder(path, await FolderLock.take(path));
    } catch (error) {
      throw error instanceof PersistenceError ? error : unusable(path, error);
    }
  }

  /** For those who only read, and may do so beside the gateway. Nothing is made and nothing is locked. */
  static existing(dataDir: string): DataFolder {
    const path = resolve(dataDir);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw new PersistenceError(`DATA_DIR (${path}) is no folder`);
    }
    return new DataFolder(path);
  }

  async close(): Promise<void> {
    await this.#lock?.release();
  }
}

/** Not mended: the folder may be a mounted volume, or hold other things of its owner's. */
async function warnIfShared(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0 || process.platform === 'win32') return;
  const shown = (mode & 0o777).toString(8);
  new Logger('Persistence').warn(`DATA_DIR (${path}) is open to other users (${shown}): chmod 700 it`);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: "this user's disk quota is used up",
  EEXIST: 'it is no folder',
  ENOTDIR: 'it is no folder',
};

function unusable(path: string, cause: unknown): PersistenceError {
  const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
  return new PersistenceError(`DATA_DIR (${path}) can't be used: ${REASONS[code] ?? code}`, { cause });
}
