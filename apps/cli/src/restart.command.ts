import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { usualExits } from './exit-codes-help.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';

const LOOK_MS = 250;
/** A call in flight may take its time, and so may the database when the gateway starts again. */
const LIMIT_MS = 180_000;

interface Flags extends ClientOptions {
  wait: boolean;
  json?: true;
}

/** `gatehouse restart`: what runs is finished, then the process ends and its supervisor starts it again. */
export function registerRestart(program: Command): void {
  const command = program
    .command('restart')
    .description('restart a gateway gracefully; the supervisor of its container starts it again')
    .option('--no-wait', 'do not wait until it is back')
    .option('--json', 'print JSON');
  withClientOptions(command, 'management', {
    ...usualExits,
    1: 'refused, as where nothing would start it again; or it did not come back',
  }).action(reporting(restart));
}

async function restart({ wait, ...options }: Flags): Promise<void> {
  const client = ApiClient.ofManagement(options);
  const askedAt = performance.now();
  await client.request('POST', '/restart');
  if (wait) await comeBack(client, askedAt);
  const seconds = Math.round((performance.now() - askedAt) / 100) / 10;
  const text = wait ? `Restarted, after ${seconds} s\n` : 'It finishes what runs, and ends\n';
  print(options, { restarted: wait, seconds }, text);
}

/** It is back when it has been up for less time than has passed since it was asked. */
async function comeBack(client: ApiClient, askedAt: number): Promise<void> {
  const bar = process.stderr.isTTY;
  if (bar) process.stderr.write('waiting for it to come back ');
  try {
    while (performance.now() - askedAt < LIMIT_MS) {
      await sleep(LOOK_MS);
      if (bar) process.stderr.write('.');
      const uptime = await uptimeOf(client);
      if (uptime !== undefined && (uptime + 0.5) * 1000 < performance.now() - askedAt) return;
    }
  } finally {
    if (bar) process.stderr.write('\n');
  }
  throw new CommandError(
    'refused',
    `It was asked to restart, and is not back after ${LIMIT_MS / 1000} s. Its log says whether it came up; if nothing starts it again here, start it by hand and set SUPERVISED=false`,
  );
}

async function uptimeOf(client: ApiClient): Promise<number | undefined> {
  try {
    return (await client.request<{ uptime_seconds: number }>('GET', '/performance/report')).uptime_seconds;
  } catch (error) {
    // While it is away nobody answers, and while it goes away it may refuse.
    if (error instanceof CommandError && error.reason !== 'denied') return undefined;
    throw error;
  }
}
