import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ROOT } from '../support/root.ts';

export interface Outcome {
  /** The exit code; -1 where a signal or the time limit ended it, or it could not be started. */
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface CommandOptions {
  /** Over what this process has. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  input?: string;
  timeoutMs?: number;
}

const TIMEOUT_MS = 120_000;

/** Runs a program to its end. It inherits the environment: installers need the machine's own proxies and authorities. */
export async function command(
  program: string,
  args: readonly string[],
  { env, cwd = ROOT, input = '', timeoutMs = TIMEOUT_MS }: CommandOptions = {},
): Promise<Outcome> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, timeout: timeoutMs });
  child.stdin.on('error', () => undefined).end(input);
  const closed = once(child, 'close') as Promise<[number | null]>;
  try {
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    return { code: code ?? -1, out, err };
  } catch (error) {
    return { code: -1, out: '', err: (error as Error).message };
  }
}

/** The last lines that a program said, for a message. */
export function saidBy({ out, err }: Outcome, lines = 12): string {
  return `${out}\n${err}`.trim().split('\n').slice(-lines).join('\n');
}
