import type { Command } from 'commander';
import { ConfigError } from '#config';
import type { SecretListView, SecretView } from '#rotation';
import { checkSettings, generateSecrets, LiveSecrets } from '#secrets';
import { ApiClient, requireNoGateway, withClientOptions, type ClientOptions } from './api-client.ts';
import { exitCodesHelp, localExits, usualExits } from './exit-codes-help.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { writeSecrets } from './secrets/write-secrets.ts';
import { tableOf } from './table.ts';

/** What scripts read: something is to be rotated, or not fit for production. */
const TO_DO = 1;

interface StatusOptions extends ClientOptions {
  json?: true;
  local?: true;
}

/** `gatehouse secrets`: makes them, checks them, and tells which are to be rotated. It never prints one that is in use. */
export function registerSecrets(program: Command): void {
  const secrets = program.command('secrets').description('generate, check and watch over secrets');

  withClientOptions(
    secrets
      .command('status')
      .description('list how old each secret is, which are overdue, and which new values are not used'),
    'api',
    {
      ...usualExits,
      [TO_DO]: 'one is overdue, or its new value is not used; or the gateway refused or failed',
    },
  )
    .option('--json', 'print JSON')
    .option('--local', 'ask no gateway: open the stores themselves, with the gateway stopped')
    .action(reporting(status));

  secrets
    .command('generate')
    .description('make one of each: print lines of NAME=value, or write a file of each')
    .option('--out <folder>', 'write files for their owner alone (0600) there; those that exist stop it')
    .addHelpText('after', exitCodesHelp(localExits))
    .action(reporting(async ({ out }: { out?: string }) => void process.stdout.write(await generate(out))));

  secrets
    .command('check')
    .description('say all that would stop a start in production')
    .option('--json', 'print JSON')
    .addHelpText('after', exitCodesHelp({ 0: 'nothing would', [TO_DO]: 'something would' }))
    .action(reporting(check));
}

async function status(options: StatusOptions): Promise<void> {
  const list = await (options.local ? localList(options) : remoteList(options));
  print(options, list, describe(list));
  if (list.secrets.some(({ overdue, refused }) => overdue || refused !== null)) process.exitCode = TO_DO;
}

function remoteList(options: ClientOptions): Promise<SecretListView> {
  return new ApiClient(options).request<SecretListView>('GET', '/admin/secrets');
}

async function localList(options: ClientOptions): Promise<SecretListView> {
  requireNoGateway(options);
  const { LocalGatehouse } = await import('./local-gatehouse.ts');
  const { RotationModule, SecretsController } = await import('#rotation');
  return LocalGatehouse.during([RotationModule], (gatehouse) =>
    gatehouse.handle(SecretsController, 'list', {}),
  );
}

async function generate(folder: string | undefined): Promise<string> {
  const made = generateSecrets();
  const lines = folder === undefined ? made : await writeSecrets(folder, made);
  return [...lines].map(([name, value]) => `${name}=${value}\n`).join('');
}

async function check(options: { json?: true }): Promise<void> {
  const { faults, warnings } = await findings();
  const lines = [...faults, ...warnings];
  print(options, { faults, warnings }, `${lines.length > 0 ? lines.join('\n') : 'Fit for production'}\n`);
  if (faults.length > 0) process.exitCode = TO_DO;
}

/** What the start itself would say. */
async function findings(): Promise<{ faults: readonly string[]; warnings: readonly string[] }> {
  await import('../../gateway/src/gateway.module.ts'); // each lib declares its own settings
  let secrets: LiveSecrets | undefined;
  try {
    secrets = await LiveSecrets.open(process.env);
    return { faults: [], warnings: checkSettings({ ...secrets.env, NODE_ENV: 'production' }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { faults: error.faults, warnings: [] };
  } finally {
    secrets?.close();
  }
}

function describe({ secrets, unavailable }: SecretListView): string {
  const table = tableOf([['SECRET', 'FROM', 'DAYS', 'ROTATE BY', 'STATE'], ...secrets.map(rowOf)]);
  return unavailable === null ? table : `${table}\nAWS Secrets Manager can't be asked: ${unavailable}\n`;
}

function rowOf({ name, source, age_days: days, rotate_by: due, overdue, refused }: SecretView): string[] {
  const state = refused === null ? (overdue ? 'OVERDUE' : 'ok') : `the new value is refused: ${refused}`;
  return [name, source, String(days), due?.slice(0, 10) ?? '-', state];
}
