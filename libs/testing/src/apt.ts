import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;
/** Two installations at once would find apt's lock taken and fail: they wait for each other on this folder (flock(1)). */
const LOCK = '/var/lib/apt';

/** Installs one of Debian's packages. Gives the reason when it could not. */
export async function installWithApt(name: string): Promise<string | undefined> {
  try {
    await access('/usr/bin/apt-get', constants.X_OK);
  } catch {
    return 'no apt-get to install it with';
  }
  if (process.getuid?.() !== 0) return 'only root may install it with apt-get';
  // At run level 1 the package does not start a server of its own (invoke-rc.d(8)).
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  try {
    await run('flock', [LOCK, 'apt-get', 'update'], { env, timeout: TIMEOUT_MS });
    await run('flock', [LOCK, 'apt-get', 'install', '-y', name], { env, timeout: TIMEOUT_MS });
    return undefined;
  } catch (error) {
    return `apt-get could not install it: ${(error as Error).message.slice(0, 500)}`;
  }
}
