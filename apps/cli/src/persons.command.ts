import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { PersonErasure, PersonExport } from '#knowledge';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';

interface PersonOptions extends ClientOptions {
  nameFile?: string;
}
interface EraseOptions extends PersonOptions {
  keepTexts?: true;
  yes?: true;
  json?: true;
}

/** `gatehouse persons`: what one author said, to be handed out or to be gone. */
export function registerPersons(program: Command): void {
  const persons = program
    .command('persons')
    .description('export or erase what one author said in conversations');

  common(persons.command('export').description('print all that they said, as JSON')).action(
    reporting(async (options: PersonOptions) => {
      const [client, author_name] = [new ApiClient(options), nameOf(options)];
      const conversations: PersonExport['conversations'] = [];
      let page: PersonExport | undefined;
      do {
        const after = page?.next ?? undefined;
        page = await client.request<PersonExport>('POST', '/persons/export', {
          body: { author_name, ...(after && { after }) },
        });
        conversations.push(...page.conversations);
      } while (page.next !== null);
      const all = { person: page.person, exported_at: new Date().toISOString(), conversations };
      process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
    }),
  );

  common(persons.command('erase').description('erase all that they said; the messages of others stay'))
    .option('--keep-texts', 'keep what was said, under a name that tells nothing')
    .option('--yes', 'do it: it cannot be taken back')
    .option('--json', 'print JSON')
    .action(
      reporting(async (options: EraseOptions) => {
        if (!options.yes)
          throw new CommandError('usage', 'Nothing was erased: say --yes, for it cannot be taken back');
        const [client, author_name] = [new ApiClient(options), nameOf(options)];
        const body = { author_name, ...(options.keepTexts && { keep_texts: true }) };
        const total = { conversations: 0, deleted_conversations: 0, messages: 0 };
        let answer: PersonErasure;
        do {
          answer = await client.request<PersonErasure>('POST', '/persons/erase', { body });
          for (const key of ['conversations', 'deleted_conversations', 'messages'] as const)
            total[key] += answer[key];
        } while (!answer.done);
        report(options, { ...answer, ...total });
      }),
    );
}

function common(command: Command): Command {
  return withClientOptions(command).option(
    '--name-file <file>',
    'a file that holds the name to the letter; without it the name is read from standard input',
  );
}

/** No argument: all users of a machine see those, and shells keep them. */
function nameOf({ nameFile }: PersonOptions): string {
  let text: string;
  try {
    text = readFileSync(nameFile ?? 0, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new CommandError('usage', `The name can't be read (${code})`, { cause: error });
  }
  const name = text.replace(/\r?\n$/, '');
  if (name === '')
    throw new CommandError('usage', 'There is no name: give --name-file, or write it to standard input');
  return name;
}

function report(options: EraseOptions, answer: PersonErasure): void {
  const { person, messages, conversations, deleted_conversations, mentioned_in } = answer;
  const text =
    `Erased: ${messages} messages in ${conversations} conversations, ${deleted_conversations} of which are gone as a whole.\n` +
    `The audit trail calls this person ${person}.\n` +
    (mentioned_in.length > 0
      ? `Others say the name in: ${mentioned_in.join(', ')}\nRead them: nobody else can tell who is meant.\n`
      : '') +
    'Backups from before still hold it until they are pruned: see docs/retention.md.\n';
  print(options, answer, text);
}
