import { Command } from 'commander';
import { vi } from 'vitest';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `gatehouse …` in this process, with one command and its subcommands. */
export async function runCommand(register: (program: Command) => void, ...args: string[]): Promise<Ran> {
  const ran: Ran = { code: 0, stdout: '', stderr: '' };
  const exit = (code: number): never => {
    ran.code = code;
    throw new Error('exit');
  };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((ran.stdout += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((ran.stderr += String(text))));
  vi.spyOn(process, 'exit').mockImplementation((code) => exit(Number(code)));
  const program = new Command('gatehouse').exitOverride(() => exit(2));
  register(program);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
    command.exitOverride(() => exit(2));
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if ((error as Error).message !== 'exit') throw error;
  } finally {
    vi.restoreAllMocks();
  }
  return ran;
}
