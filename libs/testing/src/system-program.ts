import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installWithApt } from './apt.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;
const found = new Map<string, Promise<void>>();

/** Resolves when a program of the system is on the PATH; where it is not, Debian's package is installed. Rejects where that fails. */
export function systemProgram(name: string, debianPackage: string): Promise<void> {
  let finding = found.get(name);
  if (!finding) found.set(name, (finding = findOrInstall(name, debianPackage)));
  return finding;
}

async function findOrInstall(name: string, debianPackage: string): Promise<void> {
  if (await isThere(name)) return;
  const refusal = await installWithApt(debianPackage);
  if (refusal === undefined && (await isThere(name))) return;
  throw new Error(
    `These tests need ${name} (Debian: ${debianPackage}) on the PATH: ${refusal ?? 'apt-get did not bring it'}`,
  );
}

function isThere(name: string): Promise<boolean> {
  return run(name, ['--version'], { timeout: TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}
