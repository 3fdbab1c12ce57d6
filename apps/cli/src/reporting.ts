import { DeclarationError } from '#call';
import { ConfigError } from '#config';
import { GatehouseError, type Fault } from '#errors';
import { PersistenceError } from '#persistence';
import { CommandError, exitCodes } from './command-error.ts';
import { linesSafe } from './terminal.ts';

/** The action of a command: what it throws becomes one clear message and an exit code. */
export function reporting<A extends unknown[]>(
  action: (...args: A) => Promise<void>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      // It may repeat what others have written.
      process.stderr.write(`${linesSafe(explain(error))}\n`);
      // A half-open database must not keep the process alive.
      process.exit(exitCodeOf(error));
    }
  };
}

/** Whose message says all there is to say. */
const known = [CommandError, ConfigError, DeclarationError, PersistenceError] as const;

function explain(error: unknown): string {
  if (error instanceof GatehouseError)
    return [error.message, ...linesOf(error.details?.['faults'])].join('\n');
  if (known.some((kind) => error instanceof kind)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Each fault of an input on a line of its own. */
export function linesOf(faults: unknown): string[] {
  if (!Array.isArray(faults)) return [];
  return (faults as Fault[]).map(({ path, message }) => `  ${path || '(the input)'}: ${message}`);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  return error instanceof ConfigError ? exitCodes.usage : exitCodes.refused;
}
