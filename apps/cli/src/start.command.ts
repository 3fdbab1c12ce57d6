import type { Command } from 'commander';
import { exitCodesHelp } from './exit-codes-help.ts';

/** `gatehouse start`: the server, in this process. */
export function registerStart(program: Command): void {
  program
    .command('start')
    .description('start the server; settings come from the environment')
    .addHelpText(
      'after',
      exitCodesHelp({
        0: 'it was told to end',
        1: 'it did not start, or did not end in time',
        2: 'the command line is wrong',
        70: 'it met a defect of its own, and is to be started again',
        75: 'it is to be started again',
      }),
    )
    .action(async () => {
      await import('../../gateway/src/main.ts');
    });
}
