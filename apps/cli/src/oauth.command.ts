import { Option, type Command } from 'commander';
import { roles, type Role } from '#call';
import type {
  IssuedOAuthClientView,
  ListedGrantView,
  OAuthClientListView,
  OAuthClientView,
  OAuthGrantListView,
  OAuthGrantView,
  SigningKeyListView,
} from '#oauth';
import { allPages } from './all-pages.ts';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { tableOf, timeOf } from './table.ts';

interface OAuthOptions extends ClientOptions {
  json?: true;
}

interface CreateOptions extends OAuthOptions {
  scopes: string[];
  role?: Role;
  redirectUri?: string[];
  public?: true;
}

/** `gatehouse oauth`: who may ask the embedded authorization server for tokens, and what signs them. */
export function registerOAuth(program: Command): void {
  const oauth = program.command('oauth').description('clients, grants and keys of the authorization server');
  registerClients(oauth.command('clients').description('create, list and delete OAuth clients'));
  registerGrants(oauth.command('grants').description('list and revoke what persons have allowed clients'));
  registerKeys(oauth.command('keys').description('list and rotate the keys that sign access tokens'));
}

function registerClients(clients: Command): void {
  common(clients.command('create <name>').description('make a client, and print its secret once'))
    .requiredOption('--scopes <scopes>', 'permissions that it may get, separated by commas', list)
    .addOption(new Option('--role <role>', 'what it is at most where it acts for itself').choices(roles))
    .option('--redirect-uri <uri...>', 'where codes may be sent: then it acts for persons who log in')
    .option('--public', 'it can keep no secret')
    .action(
      reporting(async (name: string, options: CreateOptions) => {
        const { scopes, role: atMost, redirectUri, public: isPublic } = options;
        const body = { name, scopes, role: atMost, redirect_uris: redirectUri, public: isPublic };
        const client = await new ApiClient(options).request<IssuedOAuthClientView>(
          'POST',
          '/admin/oauth/clients',
          {
            body,
          },
        );
        print(options, client, issued(client));
      }),
    );

  common(clients.command('list').description('list all clients, the youngest first')).action(
    reporting(async (options: OAuthOptions) => {
      const client = new ApiClient(options);
      const all = await allPages('clients', (query) =>
        client.request<OAuthClientListView>('GET', '/admin/oauth/clients', { query }),
      );
      print(options, all, tableOf([HEADING, ...all.map(rowOf)]));
    }),
  );

  common(
    clients.command('rotate-secret <id>').description('give a client a new secret, in place of the old one'),
  ).action(
    reporting(async (id: string, options: OAuthOptions) => {
      const path = `/admin/oauth/clients/${encodeURIComponent(id)}/rotate-secret`;
      const client = await new ApiClient(options).request<IssuedOAuthClientView>('POST', path);
      print(options, client, issued(client));
    }),
  );

  common(clients.command('delete <id>').description('delete a client; all of its tokens are void at once'))
    .option('--yes', 'do it: it can not be taken back')
    .action(
      reporting(async (id: string, options: OAuthOptions & { yes?: true }) => {
        if (!options.yes)
          throw new CommandError('usage', 'No client was deleted: say --yes, for it can not be taken back');
        const path = `/admin/oauth/clients/${encodeURIComponent(id)}`;
        const client = await new ApiClient(options).request<OAuthClientView>('DELETE', path);
        print(options, client, `Deleted: ${client.name} (${client.client_id})\n`);
      }),
    );
}

interface GrantsOptions extends OAuthOptions {
  client?: string;
  subject?: string;
}

function registerGrants(grants: Command): void {
  common(grants.command('list').description('list all grants, the youngest first'))
    .option('--client <id>', 'of one client')
    .option('--subject <id>', 'of one person: the id of a user')
    .action(
      reporting(async (options: GrantsOptions) => {
        const client = new ApiClient(options);
        const all = await allPages('grants', (page) =>
          client.request<OAuthGrantListView>('GET', '/admin/oauth/grants', {
            query: { client_id: options.client, subject: options.subject, ...page },
          }),
        );
        print(options, all, tableOfGrants(all));
      }),
    );

  common(
    grants.command('revoke <id>').description('take a grant back; all of its tokens are void at once'),
  ).action(
    reporting(async (id: string, options: OAuthOptions) => {
      const path = `/admin/oauth/grants/${encodeURIComponent(id)}`;
      const grant = await new ApiClient(options).request<OAuthGrantView>('DELETE', path);
      print(options, grant, `Revoked: ${grant.id}, of ${grant.subject} to ${grant.client_id}\n`);
    }),
  );
}

function registerKeys(keys: Command): void {
  common(keys.command('list').description('list the keys that sign or verify')).action(
    reporting(async (options: OAuthOptions) => {
      const answer = await new ApiClient(options).request<SigningKeyListView>('GET', '/admin/oauth/keys');
      print(options, answer.keys, tableOfKeys(answer));
    }),
  );

  common(
    keys.command('rotate').description('make a new key; the old ones verify until their tokens have expired'),
  )
    .option(
      '--compromised',
      'the old keys were given away: all tokens that they have signed are void at once',
    )
    .action(
      reporting(async (options: OAuthOptions & { compromised?: true }) => {
        const body = { compromised: options.compromised };
        const answer = await new ApiClient(options).request<SigningKeyListView>(
          'POST',
          '/admin/oauth/keys/rotate',
          {
            body,
          },
        );
        print(options, answer.keys, tableOfKeys(answer));
      }),
    );
}

function common(command: Command): Command {
  return withClientOptions(command).option('--json', 'print JSON');
}

function tableOfGrants(grants: readonly ListedGrantView[]): string {
  const rows = grants.map(({ id, client_id: client, subject, scopes, state, ...grant }) => [
    id,
    client,
    subject,
    scopes.join(' '),
    state,
    timeOf(grant.created_at),
    timeOf(grant.expires_at),
  ]);
  return tableOf([['ID', 'CLIENT', 'SUBJECT', 'SCOPES', 'STATE', 'ALLOWED', 'EXPIRES'], ...rows]);
}

const HEADING = ['ID', 'NAME', 'ROLE', 'FOR', 'SCOPES', 'CREATED'];

function rowOf({
  client_id: id,
  name,
  role: atMost,
  grant_types: grants,
  scopes,
  ...client
}: OAuthClientView): string[] {
  const acts = grants.includes('client_credentials') ? 'itself' : 'persons';
  return [
    id,
    name,
    atMost,
    client.registered ? 'persons, registered itself' : acts,
    scopes.join(' '),
    timeOf(client.created_at),
  ];
}

function issued({ name, client_id: id, client_secret: secret }: IssuedOAuthClientView): string {
  const told = secret === undefined ? '' : `Secret: ${secret}\nIt is not shown again.\n`;
  return `Client: ${name}\nId:     ${id}\n${told}`;
}

function tableOfKeys({ keys }: SigningKeyListView): string {
  const rows = keys.map(({ kid, algorithm, status, signs_from: from, expires_at: end }) => [
    kid,
    algorithm,
    status,
    timeOf(from),
    timeOf(end),
  ]);
  return tableOf([['KID', 'ALGORITHM', 'STATUS', 'SIGNS FROM', 'EXPIRES'], ...rows]);
}

function list(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}
