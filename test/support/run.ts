import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from './root.ts';

export interface Ended {
  /** The exit code, or the name of the signal that ended it. */
  code: number | string;
  out: string;
  err: string;
}

export interface RunOptions extends Pick<SpawnOptions, 'cwd'> {
  /** All that it finds in its environment, beside PATH and HOME. */
  env?: Readonly<Record<string, string>>;
  /** Its standard input. */
  input?: string;
  /** When it is fulfilled, the program gets what Ctrl-C sends. */
  interruption?: Promise<void>;
}

const CLI = join(ROOT, 'apps/cli/bin/gatehouse.js');

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  { env = {}, input = '', cwd = ROOT, interruption }: RunOptions = {},
): Promise<Ended> {
  const inherited = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  const child = spawn(program, args, { cwd, env: { ...inherited, ...env } });
  child.stdin.on('error', () => undefined).end(input); // not all of them read it
  void interruption?.then(() => child.kill('SIGINT'));
  const [out, err, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  return { code: code ?? signal!, out, err };
}

/** `npx gatehouse …`, built before. */
export function gatehouse(args: readonly string[], options?: RunOptions): Promise<Ended> {
  return run(process.execPath, [CLI, ...args], options);
}
