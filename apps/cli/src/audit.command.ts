import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  AuditIndex,
  FileSource,
  JournalFolder,
  readOnlyTables,
  readRecords,
  TableSource,
  VerifyingKey,
  verifyJournal,
  type RecordFilter,
} from '#audit';
import { homeConfig, readConfig } from '#config';
import { databaseUrl, DataFolder, openDatabase, persistenceConfig } from '#persistence';
import { describeRecord, describeReport } from './audit-report.ts';
import { environment } from './environment.ts';
import { exitCodesHelp } from './exit-codes-help.ts';
import { moment } from './option-values.ts';
import { print } from './print.ts';
import { progressBar } from './progress-bar.ts';
import { linesSafe } from './terminal.ts';

/** What scripts read: 0 all is well, 1 the journal was changed, 2 it could not be looked at. */
const CHANGED = 1;
const FAILED = 2;
/** Of a bar that counts bytes. */
const BYTES = '{bar} {percentage} % | {eta_formatted}';

interface Place {
  dataDir?: string;
}
interface VerifyFlags extends Place {
  key?: string[];
  json?: true;
}
interface ShowFlags extends Place, RecordFilter {
  json?: true;
}

/** `gatehouse audit …`: reads the audit journal, beside a running gateway too. */
export function registerAudit(program: Command): void {
  const audit = program.command('audit').description('verify and read the audit journal');
  const dataDir = [
    '--data-dir <folder>',
    'read the files of this data folder, whatever the settings say',
  ] as const;
  const looked = exitCodesHelp({ 0: 'done', [FAILED]: 'it could not be looked at' });
  audit
    .command('verify')
    .description('find entries that were removed, altered, reordered or cut off')
    .option(...dataDir)
    .option('--key <file...>', 'trust checkpoints by these public keys alone (PEM)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      exitCodesHelp({
        0: 'all is there, unaltered and in order',
        [CHANGED]: 'something was changed',
        [FAILED]: 'it could not be looked at',
      }),
    )
    .action((flags: VerifyFlags) => guarded(() => verify(flags)));
  audit
    .command('show')
    .description('print entries, oldest first')
    .option(...dataDir)
    .option('--since <time>', 'entries from then on: ISO 8601, or how long ago, as in 15m, 6h, 2d', moment)
    .option('--event <name>', 'entries of this event')
    .option('--correlation-id <id>', 'entries of this call')
    .option('--json', 'print the lines as they stand in the journal')
    .addHelpText('after', looked)
    .action((flags: ShowFlags) => guarded(() => show(flags)));
  audit
    .command('rebuild')
    .description('fill the table of the embedded database anew from the journal; the gateway must be stopped')
    .addHelpText('after', exitCodesHelp({ 0: 'done', [FAILED]: 'it failed' }))
    .action(() => guarded(rebuild));
}

async function verify({ dataDir, key: keyFiles = [], ...flags }: VerifyFlags): Promise<void> {
  const pinned = keyFiles.map(readKey);
  await using place = await open(dataDir);
  const bar = progressBar(flags.json ? 0 : await place.source.size(), BYTES);
  const onProgress = (bytes: number): void => bar?.increment(bytes);
  const report = await verifyJournal({ source: place.source, pinned, onProgress }).finally(() => bar?.stop());
  print(flags, report, describeReport(report));
  if (!report.valid) process.exitCode = CHANGED;
}

async function show({ dataDir, json, ...filter }: ShowFlags): Promise<void> {
  process.stdout.once('error', () => process.exit()); // Whoever read it (head, less) has seen enough.
  await using place = await open(dataDir);
  await readRecords(place.source, filter, (line) => {
    process.stdout.write(`${json ? line : describeRecord(line)}\n`);
  });
}

async function rebuild(): Promise<void> {
  const env = await environment();
  const config = readConfig(persistenceConfig, env);
  if (config.url)
    throw new Error('With DATABASE_URL the table is the journal itself: nothing can rebuild it');
  await using folder = closing(await DataFolder.open(readConfig(homeConfig, env).dataDir));
  await using database = closing(await openDatabase(config, folder.it));
  const bar = progressBar(await new FileSource(folder.it.path).size(), BYTES);
  const index = new AuditIndex({ database: database.it, folder: new JournalFolder(folder.it.path) });
  await index.rebuild((bytes) => bar?.increment(bytes)).finally(() => bar?.stop());
  const count = database.it.kysely.selectFrom('audit_records').select((eb) => eb.fn.countAll().as('records'));
  const { records } = await count.executeTakeFirstOrThrow();
  process.stdout.write(`Filled anew from the journal: ${records} records\n`);
}

/** The journal that the settings name, or the files of a folder. */
async function open(dataDir: string | undefined) {
  const url =
    dataDir === undefined ? databaseUrl(readConfig(persistenceConfig, await environment())) : undefined;
  if (url === undefined) {
    const source = new FileSource(DataFolder.existing(dataDir ?? readConfig(homeConfig).dataDir).path);
    return { source, [Symbol.asyncDispose]: async () => {} };
  }
  const tables = readOnlyTables(url);
  return { source: new TableSource(tables), [Symbol.asyncDispose]: () => tables.destroy() };
}

function closing<T extends { close(): Promise<void> }>(it: T) {
  return { it, [Symbol.asyncDispose]: () => it.close() };
}

function readKey(path: string): VerifyingKey {
  const key = VerifyingKey.from(textIn(path).trim());
  if (!key) throw new Error(`${path} holds no Ed25519 public key: --key takes one in PEM`);
  return key;
}

function textIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : `it can't be read (${code})`;
    throw new Error(`--key ${path}: ${why}. It takes the file of an Ed25519 public key in PEM`, { cause });
  }
}

async function guarded(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${linesSafe(error instanceof Error ? error.message : String(error))}\n`);
    process.exitCode = FAILED;
  }
}
