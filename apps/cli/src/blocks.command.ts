import type { Command } from 'commander';
import type { BlockListView, BlockView } from '#blocking';
import { allPages } from './all-pages.ts';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { wholeNumber } from './option-values.ts';
import { print } from './print.ts';
import { reporting } from './reporting.ts';
import { tableOf, timeOf } from './table.ts';

const YEAR_SECONDS = 31_536_000;

interface BlocksOptions extends ClientOptions {
  json?: true;
}

/** `gatehouse blocks`: who may not knock. */
export function registerBlocks(program: Command): void {
  const blocks = program.command('blocks').description('list, add and remove blocked addresses');

  common(blocks.command('list').description('list all blocks, the youngest first')).action(
    reporting(async (options: BlocksOptions) => {
      const client = new ApiClient(options);
      const all = await allPages('blocks', (query) =>
        client.request<BlockListView>('GET', '/admin/blocks', { query }),
      );
      print(options, all, tableOf([HEADING, ...all.map(rowOf)]));
    }),
  );

  common(blocks.command('add <address>').description('block an IPv4 address, or the /64 of an IPv6 address'))
    .option('--seconds <seconds>', 'for how long (else BLOCK_DURATION)', wholeNumber(1, YEAR_SECONDS))
    .action(
      reporting(async (address: string, options: BlocksOptions & { seconds?: number }) => {
        const body = { address, duration_seconds: options.seconds };
        const block = await new ApiClient(options).request<BlockView>('POST', '/admin/blocks', { body });
        print(options, block, `Blocked: ${block.address} until ${timeOf(block.until)}\n`);
      }),
    );

  common(
    blocks
      .command('remove <address>')
      .description('lift all blocks of an address, and forget what led to them'),
  ).action(
    reporting(async (address: string, options: BlocksOptions) => {
      const path = `/admin/blocks/${encodeURIComponent(address)}`;
      const answer = await new ApiClient(options).request<{ lifted: BlockView[] }>('DELETE', path);
      print(options, answer, answer.lifted.map((block) => `Lifted: ${whoOf(block)}\n`).join(''));
    }),
  );
}

function common(command: Command): Command {
  return withClientOptions(command).option('--json', 'print JSON');
}

const HEADING = ['ADDRESS', 'PRINCIPAL', 'KIND', 'TIME', 'SINCE', 'UNTIL', 'GOOD KEYS'];

function rowOf(block: BlockView): string[] {
  const { address, principal, kind, strikes, since, until, spares_good_keys: spares } = block;
  const which = strikes === 0 ? '-' : String(strikes);
  return [
    address,
    principal ?? 'all',
    kind,
    which,
    timeOf(since),
    timeOf(until),
    spares ? 'pass' : 'refused',
  ];
}

function whoOf({ address, principal }: BlockView): string {
  return principal === null ? address : `${principal} at ${address}`;
}
