import type { Command } from 'commander';
import { homeConfig, readConfig } from '#config';
import { DataFolder, openDatabase, persistenceConfig } from '#persistence';
import { environment } from './environment.ts';
import { exitCodesHelp, localExits } from './exit-codes-help.ts';
import { reporting } from './reporting.ts';

/**
 * `gatehouse migrate`: what each gateway does when it starts, by itself: before a rollout it shows whether the database can be
 * reached and brought up to this version. Beside gateways that run: they wait for each other.
 */
export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the database up to this version, as the start does, and end')
    .addHelpText('after', exitCodesHelp(localExits))
    .action(reporting(migrate));
}

async function migrate(): Promise<void> {
  const env = await environment();
  const folder = await DataFolder.open(readConfig(homeConfig, env).dataDir);
  try {
    const database = await openDatabase(readConfig(persistenceConfig, env), folder);
    const { engine, vectors } = database;
    await database.close();
    process.stdout.write(`The database is up to date: ${engine}, ${vectors ? 'with' : 'without'} vectors\n`);
  } finally {
    await folder.close();
  }
}
