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
  for (const command of below(program)) command.exitOverride(() => exit(2));
  const before = process.exitCode;
  try {
    await program.parseAsync(args, { from: 'user' });
    ran.code = Number(process.exitCode ?? 0);
  } catch (error) {
    if ((error as Error).message !== 'exit') throw error;
  } finally {
    process.exitCode = before;
    vi.restoreAllMocks();
  }
  return ran;
}

function below({ commands }: Command): Command[] {
  return commands.flatMap((one) => [one, ...below(one)]);
}
