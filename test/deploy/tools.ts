import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { installWithApt } from '#testing';
import { ROOT } from '../support/root.ts';
import { command, saidBy } from './command.ts';

const REQUIREMENTS = join(ROOT, 'test/deploy/requirements.txt');
const INSTALL_TIMEOUT_MS = 600_000;

/** Where what checks leave behind is kept between runs; nothing of it is part of the project. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gatehouse');

let installed: Promise<string> | undefined;

/** Path of a program of requirements.txt, installed now if need be. Rejects where that fails, and says what to do. */
export async function pinned(program: string): Promise<string> {
  return join(await (installed ??= environment()), 'bin', program);
}

async function environment(): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `deploy-tools-${digest}`);
  const complete = join(folder, '.complete');
  if (existsSync(complete)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  let made = await command('python3', ['-m', 'venv', folder]);
  if (made.code !== 0) {
    // Debian keeps what venv needs in a package of its own.
    const refusal = await installWithApt('python3-venv');
    if (refusal)
      throw new Error(`These checks need Python 3.10 or later with venv: ${refusal}\n${saidBy(made, 3)}`);
    made = await command('python3', ['-m', 'venv', folder]);
    if (made.code !== 0) throw new Error(`No virtual environment: ${saidBy(made)}`);
  }
  const args = ['install', '--quiet', '--only-binary', ':all:', '--requirement', REQUIREMENTS];
  const outcome = await command(join(folder, 'bin/pip'), args, { timeoutMs: INSTALL_TIMEOUT_MS });
  if (outcome.code !== 0)
    throw new Error(`pip could not install what test/deploy/requirements.txt names: ${saidBy(outcome)}`);
  writeFileSync(complete, '');
  return folder;
}

/** Path of a program of the machine, installed from Debian's package if need be. */
export async function ofMachine(program: string, debianPackage: string): Promise<string> {
  const there = onPath(program);
  if (there) return there;
  const refusal = await installWithApt(debianPackage);
  const found = onPath(program);
  if (found) return found;
  throw new Error(
    `This check needs ${program} (Debian: ${debianPackage}): ${refusal ?? 'it is not on the PATH'}`,
  );
}

function onPath(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
