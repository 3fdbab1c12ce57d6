import { Option, type Command } from 'commander';
import { roles, tiers, type Role, type Tier } from '#call';
import type { AmendUser, DeletedUserView, IssuedUserView, UserView } from '#identity';
import { allPages } from './all-pages.ts';
import { ApiClient, requireNoGateway, withClientOptions, type ClientOptions } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { tableOf, timeOf } from './table.ts';
import { readPassword } from './users/read-password.ts';
import { RemoteUsers } from './users/remote-users.ts';
import type { UserAdmin } from './users/user-admin.ts';

interface UsersOptions extends ClientOptions {
  json?: true;
  local?: true;
}
interface PasswordOptions extends UsersOptions {
  generatePassword?: true;
}
interface DeleteOptions extends UsersOptions {
  keepKeys?: true;
  keepClients?: true;
  yes?: true;
}
interface RightsOptions extends UsersOptions {
  role?: Role;
  tier?: Tier | 'none';
}

/** `gatehouse users`: the people who may log in. */
export function registerUsers(program: Command): void {
  const users = program.command('users').description('create, list and change the people who may log in');

  withPassword(common(users.command('create <name>').description('make a user')))
    .addOption(new Option('--role <role>', 'what they may do').choices(roles).makeOptionMandatory())
    .addOption(new Option('--tier <tier>', 'how much; the default limit without one').choices(tiers))
    .action(
      reporting(async (name: string, options: PasswordOptions & { role: Role; tier?: Tier }) => {
        const { role, tier } = options;
        const password = await passwordOf(options);
        const order = { name, role, ...(tier && { tier }), ...password };
        await using(options, async (admin) => printIssued('Made', await admin.create(order), options));
      }),
    );

  common(users.command('list').description('list all users, the youngest first')).action(
    reporting(async (options: UsersOptions) => {
      await using(options, async (admin) => printUsers(await allUsers(admin), options));
    }),
  );

  common(users.command('change <user>').description('change what a user may do, and end their sessions'))
    .addOption(new Option('--role <role>', 'what they may do').choices(roles))
    .addOption(new Option('--tier <tier>', 'how much').choices([...tiers, 'none']))
    .action(
      reporting(async (user: string, options: RightsOptions) => {
        const { role, tier } = options;
        if (!role && !tier) throw new CommandError('usage', 'Nothing to change: name --role or --tier');
        await amend(user, { ...(role && { role }), ...(tier && { tier }) }, options);
      }),
    );

  common(
    users
      .command('disable <user>')
      .description('let a user in no more, and end their sessions: programs that they set up work on'),
  ).action(reporting((user: string, options: UsersOptions) => amend(user, { disabled: true }, options)));
  common(users.command('enable <user>').description('let a disabled user in again')).action(
    reporting((user: string, options: UsersOptions) => amend(user, { disabled: false }, options)),
  );

  common(
    users
      .command('delete <user>')
      .description('delete a user, their sessions and grants, and the secrets of programs that they know'),
  )
    .option('--keep-keys', 'API keys that they have made or rotated work on')
    .option('--keep-clients', 'OAuth clients whose secret they were shown work on')
    .option('--yes', 'do it: it can not be taken back')
    .action(
      reporting(async (user: string, options: DeleteOptions) => {
        if (!options.yes)
          throw new CommandError('usage', 'Nobody was deleted: say --yes, for it can not be taken back');
        await using(options, async (admin) => {
          const { id } = await find(admin, user);
          const deleted = await admin.delete({
            id,
            ...(options.keepKeys && { keep_keys: true }),
            ...(options.keepClients && { keep_clients: true }),
          });
          print(options, deleted, aboutDeleted(deleted));
        });
      }),
    );

  withPassword(
    common(users.command('reset-password <user>').description('set a password, and end all sessions')),
  ).action(
    reporting(async (user: string, options: PasswordOptions) => {
      const password = await passwordOf(options);
      await using(options, async (admin) => {
        const { id } = await find(admin, user);
        printIssued('Changed', await admin.resetPassword({ id, ...password }), options);
      });
    }),
  );

  common(
    users
      .command('reset-totp <user>')
      .description(
        'take the second factor away, for who has lost it and the recovery codes; print an enrolment code',
      ),
  ).action(
    reporting(async (user: string, options: UsersOptions) => {
      await using(options, async (admin) => {
        const { id } = await find(admin, user);
        printIssued('Changed', await admin.resetTotp({ id }), options);
      });
    }),
  );

  common(
    users
      .command('enrolment-code <user>')
      .description('give a user without a second factor another code to set one up'),
  ).action(
    reporting(async (user: string, options: UsersOptions) => {
      await using(options, async (admin) => {
        const { id } = await find(admin, user);
        printIssued('Given to', await admin.issueEnrolmentCode({ id }), options);
      });
    }),
  );
}

function common(command: Command): Command {
  return withClientOptions(command)
    .option('--json', 'print JSON')
    .option('--local', 'work on the database itself, with the gateway stopped');
}

function withPassword(command: Command): Command {
  return command.option(
    '--generate-password',
    'make a password up and print it this once (else it is asked for, or read from standard input)',
  );
}

async function passwordOf({ generatePassword }: PasswordOptions): Promise<{ password?: string }> {
  return generatePassword ? {} : { password: await readPassword() };
}

async function using(options: UsersOptions, work: (admin: UserAdmin) => Promise<void>): Promise<void> {
  if (!options.local) return work(new RemoteUsers(new ApiClient(options)));
  requireNoGateway(options);
  const { LocalUsers } = await import('./users/local-users.ts'); // a database only for those who need it
  return LocalUsers.during(work);
}

async function amend(user: string, change: Omit<AmendUser, 'id'>, options: UsersOptions): Promise<void> {
  await using(options, async (admin) => {
    const { id } = await find(admin, user);
    printChanged(await admin.amend({ id, ...change }), options);
  });
}

/** By id or by name. */
async function find(admin: UserAdmin, user: string): Promise<UserView> {
  const wanted = user.normalize('NFKC').toLowerCase();
  const all = await allUsers(admin);
  const found = all.find(({ id, name }) => id === user || name.normalize('NFKC').toLowerCase() === wanted);
  if (found) return found;
  throw new CommandError('refused', 'There is no such user: "gatehouse users list" shows all');
}

function allUsers(admin: UserAdmin): Promise<UserView[]> {
  return allPages('users', (page) => admin.list(page));
}

function printIssued(done: string, issued: IssuedUserView, options: UsersOptions): void {
  const { generated_password: password, enrolment_code: code } = issued;
  const secrets = [
    password === undefined ? '' : `${password}\n\nThe password is shown this once, and kept nowhere.\n`,
    code === undefined ? '' : aboutCode(code, issued),
  ];
  print(options, issued, `${secrets.join('')}${done}: ${aboutOf(issued)}\n`);
}

function aboutCode(code: string, { enrolment_expires_at: until }: IssuedUserView): string {
  return (
    `Enrolment code: ${code}\n` +
    `With it they set up a second factor, once, until ${timeOf(until)}. Hand it over by another way than the password.\n`
  );
}

function aboutDeleted({ name, id, ...gone }: DeletedUserView): string {
  const lists: [string, readonly string[]][] = [
    ['Revoked API keys', gone.revoked_keys],
    ['Deleted OAuth clients', gone.deleted_clients],
    ['OAuth clients to rotate the secret of', gone.locked_clients],
  ];
  const named = lists.filter(([, ids]) => ids.length > 0);
  return `Deleted: ${name}, id ${id}\n${named.map(([what, ids]) => `${what}: ${ids.join(', ')}\n`).join('')}`;
}

function printChanged(user: UserView, options: UsersOptions): void {
  print(options, user, `Changed: ${aboutOf(user)}\n`);
}

function aboutOf({ name, role, tier, state, id }: UserView): string {
  return `${name}: role ${role}, ${tier ? `tier ${tier}` : 'no tier'}, ${state}, id ${id}`;
}

function printUsers(users: readonly UserView[], options: UsersOptions): void {
  print(
    options,
    users,
    tableOf([
      ['ID', 'NAME', 'ROLE', 'TIER', 'STATE', 'SECOND FACTOR', 'LAST LOG-IN'],
      ...users.map((user) => [
        user.id,
        user.name,
        user.role,
        user.tier ?? '-',
        user.state,
        user.second_factor ? 'yes' : 'no',
        timeOf(user.last_login_at),
      ]),
    ]),
  );
}
