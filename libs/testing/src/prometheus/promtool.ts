import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemProgram } from '../system-program.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;

/** Runs Prometheus' own checker, and gives what it says. Rejects with that where it finds a fault. */
export async function promtool(args: readonly string[], options: { cwd?: string } = {}): Promise<string> {
  await systemProgram('promtool', 'prometheus');
  try {
    const { stdout } = await run('promtool', [...args], { ...options, timeout: TIMEOUT_MS });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
}
