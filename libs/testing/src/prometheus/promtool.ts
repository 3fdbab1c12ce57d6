import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installWithApt } from '../apt.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;

let found: Promise<void> | undefined;

/**
 * Runs Prometheus' own checker, and gives what it says. Rejects with that where it finds a fault. Where there is none on the
 * machine, Debian's package `prometheus` is installed.
 */
export async function promtool(args: readonly string[], options: { cwd?: string } = {}): Promise<string> {
  await (found ??= findOrInstall());
  try {
    const { stdout } = await run('promtool', [...args], { ...options, timeout: TIMEOUT_MS });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
}

async function findOrInstall(): Promise<void> {
  if (await isThere()) return;
  const refusal = await installWithApt('prometheus');
  if (refusal === undefined && (await isThere())) return;
  throw new Error(
    `These tests need promtool, which comes with Prometheus, on the PATH: ${refusal ?? 'apt-get did not bring it'}`,
  );
}

async function isThere(): Promise<boolean> {
  return run('promtool', ['--version'], { timeout: TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}
