import type { Command } from 'commander';
import { GatehouseError } from '#errors';
import { identityConfig } from '#identity';
import { keyFrom, keyIn } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { exitCodesHelp, localExits, usualExits } from './exit-codes-help.ts';
import { reporting } from './reporting.ts';

/** What every key that Gatehouse has issued begins with. */
const ISSUED = 'gk_';

/** `gatehouse stdio`: MCP for a client that starts this process. */
export function registerStdio(program: Command): void {
  program
    .command('stdio')
    .description('serve MCP on standard input and output, to the client that has started it')
    .option(
      '--key-file <file>',
      'a file that holds the API key (else GATEHOUSE_API_KEY, else you, as an employee)',
    )
    .addHelpText('after', exitCodesHelp({ ...localExits, 0: 'its client has gone', 4: usualExits[4]! }))
    .action(
      reporting(async ({ keyFile }: { keyFile?: string }) => {
        // Listened to from the first: a start that is told to end does so in good order, once it has come up.
        const told = new Promise<void>((resolve) => {
          process.once('SIGTERM', resolve);
          process.once('SIGINT', resolve);
        });
        const { serveOverStdio } = await import('../../gateway/src/stdio.ts');
        const key = keyFile === undefined ? keyFrom(process.env) : keyIn(keyFile);
        try {
          await serveOverStdio({
            env: environmentFor(key),
            key,
            input: process.stdin,
            output: process.stdout,
            stoppable: (stop) => void told.then(stop),
          });
        } catch (error) {
          if (!(error instanceof GatehouseError)) throw error;
          throw new CommandError('denied', error.message, { cause: error });
        }
        process.exit(0);
      }),
    );
}

/**
 * A gateway takes GATEHOUSE_API_KEY for the credential of its administrator. Here it is the key of a client: one that was
 * issued is worth what it was issued for, and nothing else.
 */
function environmentFor(key: string | undefined): NodeJS.ProcessEnv {
  if (!key?.startsWith(ISSUED)) return process.env;
  const env = { ...process.env };
  const { env: name, aliases } = identityConfig.settings.adminKey;
  for (const one of [name, ...aliases]) {
    delete env[one];
    delete env[`${one}_FILE`];
  }
  return env;
}
