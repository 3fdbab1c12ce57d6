import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { installWithApt } from '../apt.ts';

const run = promisify(execFile);
/** The first that is there is taken: they speak one protocol. */
const NAMES = ['valkey-server', 'redis-server'];
const USUAL_FOLDERS = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
/** The oldest that has ACL files, `GETDEL` and scripts that set expiry as ours do. */
const OLDEST_MAJOR = 7;

let found: Promise<string> | undefined;

/** Path of a Valkey or Redis server of this machine; where none is, Debian's is installed. Rejects where that fails. */
export function serverProgram(): Promise<string> {
  return (found ??= findOrInstall());
}

async function findOrInstall(): Promise<string> {
  const there = await find();
  if (there) return there;
  const refusal = await installWithApt('redis-server');
  const installed = refusal === undefined ? await find() : undefined;
  if (installed) return installed;
  throw new Error(
    `These tests need Valkey, or Redis ${OLDEST_MAJOR} or later, and there is none on the PATH: ${refusal ?? 'what apt-get installed is too old'}. ` +
      `Install one of ${NAMES.join(' and ')}.`,
  );
}

async function find(): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...USUAL_FOLDERS].filter(Boolean);
  for (const path of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    if (await isUsable(path)) return path;
  }
  return undefined;
}

async function isUsable(path: string): Promise<boolean> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 10_000 });
    return Number(/\bv=(\d+)\./.exec(stdout)?.[1] ?? 0) >= OLDEST_MAJOR;
  } catch {
    return false;
  }
}
