import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import type { Installation } from './installations.ts';

const run = promisify(execFile);
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/** What is tested dies with the test: nothing has to reach the disk. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'unix_socket_directories=',
  'listen_addresses=127.0.0.1',
];

export interface Cluster {
  /** Of its superuser, in the database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A server on a free port of the loopback, in a scratch folder, with a password of its own. */
export async function startCluster({ folder, user }: Installation): Promise<Cluster> {
  const scratch = await mkdtemp(join(tmpdir(), 'gatehouse-postgresql-'));
  const data = join(scratch, 'data');
  const password = randomBytes(18).toString('hex');
  let server: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (server) await end(server);
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    const passwordFile = join(scratch, 'password');
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (user) for (const path of [scratch, passwordFile]) await chown(path, user.uid, user.gid);
    const account = ['--username=gatehouse', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    const text = ['--encoding=UTF8', '--locale=C.UTF-8'];
    await run(join(folder, 'initdb'), ['-D', data, '--no-sync', ...account, ...text], {
      ...user,
      cwd: scratch,
    });
    const port = await freePort();
    const options = SETTINGS.flatMap((one) => ['-c', one]);
    server = spawn(join(folder, 'postgres'), ['-D', data, '-p', String(port), ...options], {
      ...user,
      cwd: scratch,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await listening(server);
    return { url: `postgres://gatehouse:${password}@127.0.0.1:${port}/postgres`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves when it says that it is ready; rejects with its last words when it ends instead. */
async function listening(server: ChildProcess): Promise<void> {
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString('utf8')).slice(-2_000);
      if (said.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`postgres ended: ${said}`)));
  });
  const tooLong = delay(START_TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`postgres was not ready after ${START_TIMEOUT_MS} ms: ${said}`);
  });
  await Promise.race([ready, tooLong]);
}

/** SIGINT is its "fast" shutdown, SIGQUIT the immediate one. */
async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  const impatient = setTimeout(() => server.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(impatient);
}
