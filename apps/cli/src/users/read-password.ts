import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError } from '../command-error.ts';

const MAX_INPUT = 4096;

/** Of a person at a terminal, asked twice and not shown; else the first line of standard input. Never of the command line. */
export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  const [first, second] = [await ask('Password: '), await ask('Once more: ')];
  if (first === second) return first;
  throw new CommandError('usage', 'Those were two different passwords');
}

async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk as string;
    if (text.includes('\n') || text.length > MAX_INPUT) break;
  }
  const line = text.split(/\r?\n/, 1)[0]!;
  if (line !== '') return line;
  throw new CommandError('usage', 'No password: give it on standard input, or say --generate-password');
}

async function ask(question: string): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write(question);
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
