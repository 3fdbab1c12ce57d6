import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { FileSource, verifyJournal } from '#audit';
import { homeConfig, readConfig } from '#config';
import {
  backupConfig,
  Backups,
  DataFolder,
  openDatabase,
  persistenceConfig,
  type Backup,
} from '#persistence';
import { CommandError } from './command-error.ts';
import { environment } from './environment.ts';
import { exitCodesHelp, localExits } from './exit-codes-help.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { scratch } from './scratch.ts';
import { tableOf } from './table.ts';

interface BackupFlags {
  json?: true;
}

/** `gatehouse backup`: copies of the embedded database, its audit journal and its secrets. */
export function registerBackup(program: Command): void {
  const backup = program
    .command('backup')
    .description('back the embedded database up, with its journal and secrets; PostgreSQL has pg_dump');

  common(
    backup
      .command('create')
      .description('copy the data folder, and remove backups that are too old; the gateway must be stopped'),
  ).action(
    reporting(async (flags: BackupFlags) => {
      const backups = await embedded();
      const made = await whileStopped((folder) => backups.create(folder));
      const pruned = await backups.prune(readConfig(backupConfig).retentionDays);
      const text = `Backed up: ${made.path}\n${pruned.map(({ name }) => `Removed: ${name}\n`).join('')}`;
      print(flags, { created: viewOf(made), removed: pruned.map(viewOf) }, text);
    }),
  );

  common(backup.command('list').description('list the backups, oldest first')).action(
    reporting(async (flags: BackupFlags) => {
      const backups = await embedded();
      const all = (await backups.list()).map(viewOf);
      const rows = all.map(({ name, created, bytes }) => [name, created, String(bytes)]);
      print(flags, all, tableOf([['NAME', 'CREATED', 'BYTES'], ...rows]));
    }),
  );

  common(backup.command('prune').description('remove backups that are too old, but never the newest')).action(
    reporting(async (flags: BackupFlags) => {
      const backups = await embedded();
      const { retentionDays: days } = readConfig(backupConfig);
      const pruned = await backups.prune(days);
      const none = `Nothing was removed: beside the newest, no backup is older than ${days} days (BACKUP_RETENTION_DAYS)\n`;
      print(flags, pruned.map(viewOf), pruned.map(({ name }) => `Removed: ${name}\n`).join('') || none);
    }),
  );

  common(
    backup
      .command('verify [name]')
      .description(
        'say whether a backup (else the newest) is as it was made, opens, and has a whole journal',
      ),
    { ...localExits, 0: 'it is', 1: 'it is not, or that could not be looked at' },
  ).action(
    reporting(async (name: string | undefined, flags: BackupFlags) => {
      const backups = await embedded();
      const one = name === undefined ? (await backups.list()).at(-1) : await backups.get(name);
      if (!one) throw new CommandError('refused', 'There is no backup yet');
      const faults = await backups.faults(one);
      // Only what is whole is worth to be opened.
      if (faults.length === 0) faults.push(...(await faultsWithin(one)));
      const verdict = faults.length === 0 ? 'is whole, and opens' : 'is NOT usable as it is';
      const text = `${faults.map((fault) => `  ${fault}\n`).join('')}Backup ${one.name} ${verdict}\n`;
      print(flags, { ...viewOf(one), valid: faults.length === 0, faults }, text);
      if (faults.length > 0) process.exitCode = 1;
    }),
  );
}

function common(command: Command, exits = localExits): Command {
  return command.option('--json', 'print JSON').addHelpText('after', exitCodesHelp(exits));
}

async function embedded(): Promise<Backups> {
  if (readConfig(persistenceConfig, await environment()).url) {
    throw new CommandError(
      'usage',
      'With DATABASE_URL the database is PostgreSQL: back it up with pg_dump, see docs/retention.md',
    );
  }
  return new Backups(readConfig(backupConfig).dir ?? join(readConfig(homeConfig).dataDir, 'backups'));
}

/** @throws PersistenceError while a gateway works in the data folder */
async function whileStopped<T>(work: (folder: DataFolder) => Promise<T>): Promise<T> {
  const folder = await DataFolder.open(readConfig(homeConfig).dataDir);
  try {
    return await work(folder);
  } finally {
    await folder.close();
  }
}

/** What a start on it would trip over. Nothing is written in the backup itself. */
async function faultsWithin({ path }: Backup): Promise<string[]> {
  const faults: string[] = [];
  const report = await verifyJournal({ source: new FileSource(path) });
  if (!report.valid) faults.push(`its audit journal has ${report.findingCount} faults`);
  await using folder = await scratch();
  await cp(join(path, 'database'), join(folder.path, 'database'), { recursive: true });
  const data = await DataFolder.open(folder.path);
  try {
    const database = await openDatabase(readConfig(persistenceConfig), data);
    await database.close();
  } catch (error) {
    faults.push(`its database does not open: ${(error as Error).message}`);
  } finally {
    await data.close();
  }
  return faults;
}

function viewOf({ name, path, created, bytes }: Backup) {
  return { name, path, created: created.toISOString(), bytes };
}
