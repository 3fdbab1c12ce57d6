import type { Command } from 'commander';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { exitCodesHelp, usualExits } from './exit-codes-help.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { tableOf, timeOf } from './table.ts';

const PAGE = 1_000;

interface Connection {
  id: string;
  door: string;
  address: string;
  principal: { name: string } | null;
  since: string;
  last_active: string;
  calls: number;
  doing: readonly string[];
}

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
      const all = await allOf(ApiClient.ofManagement(flags));
      print(flags, all, tableOf([HEADING, ...all.map(rowOf)]));
    }),
  );
  common(
    connections.command('close <id>').description('close one of them; its client may come again'),
  ).action(
    reporting(async (id: string, flags: Flags) => {
      const path = `/admin/connections/${encodeURIComponent(id)}`;
      const answer = await ApiClient.ofManagement(flags).request<unknown>('DELETE', path);
      print(flags, answer, `Closed: ${id}\n`);
    }),
  );
}

function common(command: Command): Command {
  return withClientOptions(command, 'management').option('--json', 'print JSON');
}

async function allOf(client: ApiClient): Promise<Connection[]> {
  const all: Connection[] = [];
  for (;;) {
    const query = { skip: all.length, limit: PAGE };
    const page = await client.request<{ connections: Connection[]; total: number }>(
      'GET',
      '/admin/connections',
      { query },
    );
    all.push(...page.connections);
    if (page.connections.length === 0 || all.length >= page.total) return all;
  }
}

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
}: Connection): string[] {
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
