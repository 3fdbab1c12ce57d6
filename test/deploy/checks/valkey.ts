import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort, scratchFolder } from '#testing';
import { ROOT } from '../../support/root.ts';
import { failed, without, type Check } from '../check.ts';
import { command } from '../command.ts';
import { ofMachine } from '../tools.ts';

const SCRIPT = join(ROOT, 'docker/valkey/start.sh');
const PASSWORD = 'only-for-this-check-0123456789-abcdefgh';
const LIMIT_MS = 10_000;

/** The script that compose.yaml starts both servers with, run here with the machine's own server under Valkey's name. */
export const valkey: Check = {
  name: 'valkey',
  async run() {
    await using scratch = await scratchFolder();
    const at = (name: string) => join(scratch.path, name);
    mkdirSync(at('bin'));
    symlinkSync(await ofMachine('redis-server', 'redis-server'), at('bin/valkey-server'));
    writeFileSync(at('password'), PASSWORD);
    const port = await freePort();
    const env = {
      PATH: `${at('bin')}:/usr/bin:/bin`,
      VALKEY_CONFIG: at('valkey.conf'),
      VALKEY_PASSWORD_FILE: at('password'),
      VALKEY_DIR: scratch.path,
      VALKEY_PORT: String(port),
      VALKEY_MAXMEMORY: '64mb',
      VALKEY_MAXMEMORY_POLICY: 'noeviction',
      VALKEY_APPENDONLY: 'yes',
    };
    writeFileSync(at('short'), 'short');
    const refused = await command('sh', [SCRIPT], { env: { ...env, VALKEY_PASSWORD_FILE: at('short') } });
    if (refused.code === 0) return failed('a short password is taken');

    const server = spawn('sh', [SCRIPT], { env, stdio: 'ignore' });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    try {
      const faults = await faultsOf(port, server.pid!);
      return without(
        faults,
        'no caller without the password, which is on no process list; memory bounded, policy as set',
      );
    } finally {
      server.kill();
      await ended;
    }
  },
};

async function faultsOf(port: number, pid: number): Promise<string[]> {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    password: PASSWORD,
    lazyConnect: true,
    retryStrategy: () => 50,
  });
  client.on('error', () => undefined);
  const stranger = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: null });
  stranger.on('error', () => undefined);
  try {
    const limit = Date.now() + LIMIT_MS;
    while ((await client.ping().catch(() => '')) !== 'PONG') {
      if (Date.now() > limit) return ['the server does not answer to its password'];
      await sleep(50);
    }
    const faults: string[] = [];
    const refusal = await stranger.ping().then(
      () => 'PONG',
      (error: Error) => error.message,
    );
    if (!/NOAUTH|ECONN|closed/i.test(refusal)) faults.push(`a stranger is answered: ${refusal}`);
    for (const list of ['cmdline', 'environ'])
      if (readFileSync(`/proc/${pid}/${list}`, 'latin1').includes(PASSWORD))
        faults.push(`the password is in /proc/…/${list}`);
    const expected = {
      maxmemory: String(64 * 2 ** 20),
      'maxmemory-policy': 'noeviction',
      appendonly: 'yes',
      save: '',
    };
    for (const [name, value] of Object.entries(expected)) {
      const [, is] = (await client.config('GET', name)) as [string, string];
      if (is !== value) faults.push(`${name} is ${is}, not ${value}`);
    }
    return faults;
  } finally {
    client.disconnect();
    stranger.disconnect();
  }
}
