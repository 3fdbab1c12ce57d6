import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { installWithApt } from './apt.ts';

export interface OpensslResult {
  code: number | null;
  out: string;
  err: string;
}

let there: Promise<void> | undefined;

/** Runs OpenSSL with nothing on its standard input; where it is not on the machine, Debian's is installed. */
export async function openssl(args: readonly string[]): Promise<OpensslResult> {
  await (there ??= findOrInstall());
  return start(args);
}

async function findOrInstall(): Promise<void> {
  if (await answers()) return;
  const refusal = await installWithApt('openssl');
  if (!(await answers()))
    throw new Error(`These tests need OpenSSL on the PATH, and there is none: ${refusal ?? ''}`);
}

async function answers(): Promise<boolean> {
  return start(['version']).then(
    ({ code }) => code === 0,
    () => false,
  );
}

async function start(args: readonly string[]): Promise<OpensslResult> {
  const child = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}
