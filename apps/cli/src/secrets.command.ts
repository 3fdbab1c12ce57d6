import type { Command } from 'commander';
import { ConfigError } from '#config';
import { SecretsController, type SecretListView, type SecretView } from '#rotation';
import { checkSettings, generateSecrets, LiveSecrets } from '#secrets';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { exitCodesHelp, usualExits } from './exit-codes-help.ts';
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
  if (options.json) process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
  else process.stdout.write(describe(list));
  if (list.secrets.some(({ overdue, refused }) => overdue || refused !== null)) process.exitCode = TO_DO;
}

function remoteList(options: ClientOptions): Promise<SecretListView> {
  return new ApiClient(options).request<SecretListView>('GET', '/admin/secrets');
}

async function localList({ url, keyFile }: ClientOptions): Promise<SecretListView> {
  if (url !== undefined || keyFile !== undefined) {
    throw new CommandError('usage', '--local asks no gateway: leave out --url and --key-file');
  }
  const { LocalGatehouse } = await import('./keys/local-gatehouse.ts');
  const { RotationModule } = await import('#rotation');
  const operation = { name: 'secrets.list', permission: 'secrets:read' } as const;
  return LocalGatehouse.during([RotationModule], (gatehouse) =>
    gatehouse.call(operation, {}, async () => gatehouse.get(SecretsController).list()),
  );
}

async function generate(folder: string | undefined): Promise<string> {
  const made = generateSecrets();
  const lines = folder === undefined ? made : await writeSecrets(folder, made);
  return [...lines].map(([name, value]) => `${name}=${value}\n`).join('');
}

async function check({ json }: { json?: true }): Promise<void> {
  const { faults, warnings } = await findings();
  if (json) process.stdout.write(`${JSON.stringify({ faults, warnings }, null, 2)}\n`);
  else if (faults.length + warnings.length === 0) process.stdout.write('Fit for production\n');
  else process.stdout.write([...faults, ...warnings].map((line) => `${line}\n`).join(''));
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
