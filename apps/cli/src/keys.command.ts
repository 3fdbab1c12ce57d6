import { Option, type Command } from 'commander';
import { roles, tiers, type Role, type Tier } from '#call';
import type { ApiKeyView, CreateKey, IssuedKeyView, RotateKey } from '#identity';
import { allPages } from './all-pages.ts';
import { ApiClient, requireNoGateway, withClientOptions, type ClientOptions } from './api-client.ts';
import { CommandError } from './command-error.ts';
import type { KeyAdmin } from './keys/key-admin.ts';
import { RemoteKeys } from './keys/remote-keys.ts';
import { wholeNumber } from './option-values.ts';
import { exitCodesHelp, localExits } from './exit-codes-help.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { tableOf, timeOf } from './table.ts';

/** What the gateway allows. */
const MAX_DAYS = 3_650;
const MAX_HOURS = 2_160;

interface KeysOptions extends ClientOptions {
  json?: true;
  local?: true;
}
interface LifeOptions extends KeysOptions {
  expiresInDays?: number;
}

/** `gatehouse keys`: who may call the gateway. */
export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('create, list, rotate and revoke API keys');

  common(keys.command('create <name>').description('make a key, and print it this once'))
    .addOption(new Option('--role <role>', 'what the key may do').choices(roles).makeOptionMandatory())
    .addOption(
      new Option('--tier <tier>', 'how much it may do; the default limit without one').choices(tiers),
    )
    .option('--expires-in-days <days>', 'its life (else API_KEY_TTL_DAYS)', wholeNumber(1, MAX_DAYS))
    .action(
      reporting(async (name: string, options: LifeOptions & { role: Role; tier?: Tier }) => {
        const { role, tier, expiresInDays } = options;
        const order: CreateKey = { name, role, ...given({ tier, expires_in_days: expiresInDays }) };
        await using(options, async (admin) => printIssued(await admin.create(order), options));
      }),
    );

  common(keys.command('list').description('list all keys, the youngest first')).action(
    reporting(async (options: KeysOptions) => {
      await using(options, async (admin) =>
        printKeys(await allPages('keys', (page) => admin.list(page)), options),
      );
    }),
  );

  common(
    keys
      .command('rotate <id>')
      .description('make a new key in the place of one, which works on for the overlap'),
  )
    .option(
      '--overlap-hours <hours>',
      'how long (else API_KEY_ROTATION_OVERLAP_HOURS)',
      wholeNumber(0, MAX_HOURS),
    )
    .option(
      '--expires-in-days <days>',
      'life of the new key (else API_KEY_TTL_DAYS)',
      wholeNumber(1, MAX_DAYS),
    )
    .action(
      reporting(async (id: string, options: LifeOptions & { overlapHours?: number }) => {
        const { overlapHours, expiresInDays } = options;
        const order: RotateKey = {
          id,
          ...given({ overlap_hours: overlapHours, expires_in_days: expiresInDays }),
        };
        await using(options, async (admin) => printIssued(await admin.rotate(order), options));
      }),
    );

  common(keys.command('revoke <id>').description('refuse a key from now on'))
    .option('--force', 'even if it is the last key of an admin')
    .action(
      reporting(async (id: string, options: KeysOptions & { force?: true }) => {
        const order = { id, ...given({ force: options.force }) };
        await using(options, async (admin) => {
          const key = await admin.revoke(order);
          print(options, key, `Revoked: ${key.name} (${key.id})\n`);
        });
      }),
    );

  keys
    .command('reset')
    .description('revoke ALL keys, accept the API_KEY_PEPPER in force, and make a new admin key')
    .option('--json', 'print JSON')
    .requiredOption('--local', 'on the database itself, with the gateway stopped: the only way there is')
    .option('--yes', 'do it: it can not be taken back')
    .addHelpText('after', exitCodesHelp(localExits))
    .action(reporting(reset));
}

function common(command: Command): Command {
  return withClientOptions(command)
    .option('--json', 'print JSON')
    .option('--local', 'work on the database itself, with the gateway stopped: when no admin key is left');
}

async function using(options: KeysOptions, work: (admin: KeyAdmin) => Promise<void>): Promise<void> {
  if (!options.local) return work(new RemoteKeys(new ApiClient(options)));
  requireNoGateway(options);
  const { LocalKeys } = await import('./keys/local-keys.ts'); // a database only for those who need it
  return LocalKeys.during(work);
}

async function reset(options: KeysOptions & { yes?: true }): Promise<void> {
  if (!options.yes)
    throw new CommandError('usage', 'No key was revoked: say --yes, for it can not be taken back');
  const { LocalKeys, resetLocalKeys } = await import('./keys/local-keys.ts');
  const revoked = await resetLocalKeys();
  if (!options.json) process.stdout.write(`Keys revoked: ${revoked}\n`);
  await LocalKeys.during(async (admin) =>
    printIssued(await admin.create({ name: 'admin', role: 'admin', tier: 'enterprise' }), options),
  );
}

function printIssued(issued: IssuedKeyView, options: KeysOptions): void {
  const { key, id, name, role, tier, expires_at: expires } = issued;
  const about = `${name}: role ${role}, ${tier ? `tier ${tier}` : 'no tier'}, until ${timeOf(expires)}, id ${id}`;
  print(options, issued, `${key}\n\n${about}\nThe key is shown this once, and kept nowhere.\n`);
}

function printKeys(keys: readonly ApiKeyView[], options: KeysOptions): void {
  print(
    options,
    keys,
    tableOf([
      ['ID', 'NAME', 'ROLE', 'TIER', 'STATE', 'EXPIRES', 'LAST USED'],
      ...keys.map((key) => [
        key.id,
        key.name,
        key.role,
        key.tier ?? '-',
        key.state,
        timeOf(key.expires_at),
        timeOf(key.last_used_at),
      ]),
    ]),
  );
}

/** Only what was given: the gateway's defaults hold for the rest. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
