import { execFile } from 'node:child_process';
import { access, constants, glob, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { serverUser, type ServerUser } from './server-user.ts';

const run = promisify(execFile);
const OLDEST_VERSION = 15;

/** Where they lie on Debian, Red Hat, Homebrew and after `make install`. */
const USUAL_FOLDERS = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
  '/usr/local/pgsql/bin',
];

export interface Installation {
  /** Holds `initdb` and `postgres`. */
  readonly folder: string;
  readonly user: ServerUser | undefined;
}

/** Every PostgreSQL on this machine that answers to its name and is young enough. */
export async function installations(): Promise<Installation[]> {
  const user = await serverUser();
  const folders = new Set<string>();
  for (const folder of await candidates()) {
    const real = await realpath(join(folder, 'postgres')).catch(() => undefined);
    if (real && (await isUsable(folder, user))) folders.add(folder);
  }
  return [...folders].map((folder) => ({ folder, user }));
}

async function candidates(): Promise<string[]> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const usual: string[] = [];
  for await (const folder of glob(USUAL_FOLDERS)) usual.push(folder);
  usual.sort().reverse();
  const { stdout } = await run('pg_config', ['--bindir']).catch(() => ({ stdout: '' }));
  return [...usual, ...onPath, ...(stdout.trim() ? [stdout.trim()] : [])];
}

/** A file of the right name may be a stub: it has to say which version it is. */
async function isUsable(folder: string, user: ServerUser | undefined): Promise<boolean> {
  try {
    await access(join(folder, 'initdb'), constants.X_OK);
    const { stdout } = await run(join(folder, 'postgres'), ['--version'], { ...user, timeout: 10_000 });
    return Number(/PostgreSQL\) (\d+)/.exec(stdout)?.[1] ?? 0) >= OLDEST_VERSION;
  } catch {
    return false;
  }
}
