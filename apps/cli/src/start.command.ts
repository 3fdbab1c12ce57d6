import type { Command } from 'commander';

/** `gatehouse start`: the server, in this process. */
export function registerStart(program: Command): void {
  program
    .command('start')
    .description('start the server; settings come from the environment')
    .action(async () => {
      await import('../../gateway/src/main.ts');
    });
}
