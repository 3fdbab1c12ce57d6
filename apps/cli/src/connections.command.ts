import type { Command } from 'commander';
import type { ConnectionListView, ConnectionView } from '#connections';
import { allPages } from './all-pages.ts';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { CommandError } from './command-error.ts';
import { exitCodesHelp, usualExits } from './exit-codes-help.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { tableOf, timeOf } from './table.ts';

interface Flags extends ClientOptions {
  json?: true;
}

/** `gatehouse connections`: who is connected, to whichever replica. */
export function registerConnections(program: Command): void {
  const connections = program
    .command('connections')
    .description('list and close open connections')
    .addHelpText('after', exitCodesHelp(usualExits));
  common(
    connections
      .command('list', { isDefault: true })
      .description('list all that are open, the youngest first'),
  ).action(
    reporting(async (flags: Flags) => {
      const client = ApiClient.ofManagement(flags);
      const all = await allPages('connections', (query) =>
        client.request<ConnectionListView>('GET', '/admin/connections', { query }),
      );
      print(flags, all, tableOf([HEADING, ...all.map(rowOf)]));
    }),
  );
  common(
    connections.command('close <id>').description('close one of them; its client may come again'),
  ).action(
    reporting(async (id: string, flags: Flags) => {
      if (!ID.test(id)) throw new CommandError('refused', NO_ID);
      const path = `/admin/connections/${encodeURIComponent(id)}`;
      const answer = await ApiClient.ofManagement(flags).request('DELETE', path);
      print(flags, answer, `Closed: ${id}\n`);
    }),
  );
}

function common(command: Command): Command {
  return withClientOptions(command, 'management').option('--json', 'print JSON');
}

const ID = /^[\da-f]{12}-[\da-f]{12}$/;
const NO_ID =
  'That is no id of a connection, which looks like 0123456789ab-0123456789ab: ' +
  '"gatehouse connections list" has them all';
const HEADING = ['ID', 'DOOR', 'PRINCIPAL', 'ADDRESS', 'SINCE', 'LAST ACTIVE', 'CALLS', 'DOING'];

function rowOf({
  id,
  door,
  principal,
  address,
  since,
  last_active: active,
  calls,
  doing,
}: ConnectionView): string[] {
  return [
    id,
    door,
    principal?.name ?? '-',
    address,
    timeOf(since),
    timeOf(active),
    String(calls),
    doing.join(' ') || '-',
  ];
}
