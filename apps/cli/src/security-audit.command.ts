import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { severities, type RecentEventsView } from '#audit';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { describeRecord } from './audit-report.ts';
import { moment, wholeNumber } from './option-values.ts';
import { reporting } from './reporting.ts';
import { tinted } from './terminal.ts';

interface Flags extends ClientOptions {
  event?: string;
  severity?: string;
  since?: string;
  principal?: string;
  address?: string;
  all?: true;
  limit: number;
  follow?: true;
  json?: true;
}

type Event = Record<string, unknown>;

const PAGE = 500;
const MAX_EVENTS = 100_000;
const FOLLOW_MS = 1_000;
/** Records of other processes, and those that the index has yet to find, come late: so far back is asked again. */
const OVERLAP_MS = 30_000;

/** `gatehouse security-audit`: what happened lately, by the management port. */
export function registerSecurityAudit(program: Command): void {
  const command = program
    .command('security-audit')
    .description('show recent security events of a gateway, oldest first')
    .option('--event <name>', 'only this event, as in invalid_auth')
    .addOption(new Option('--severity <severity>', 'only this one and worse').choices(severities))
    .option(
      '--since <time>',
      'from when on: ISO 8601, or how long ago, as in 15m, 6h, 2d (else a day)',
      moment,
    )
    .option('--principal <name>', 'only calls of this principal: a name or an id')
    .option('--address <address>', 'only calls from this address')
    .option('--all', 'everyday calls that went well, too')
    .option('--limit <number>', 'the last ones, so many at most', wholeNumber(1, MAX_EVENTS), 100)
    .option('--follow', 'go on, with what happens from now on')
    .option('--json', 'print each event as it stands in the journal, one a line');
  withClientOptions(command, 'management').action(reporting(show));
}

async function show(flags: Flags): Promise<void> {
  process.stdout.once('error', () => process.exit()); // Whoever read it (head, less) has seen enough.
  const client = ApiClient.ofManagement(flags);
  const print = (event: Event): void => void process.stdout.write(lineOf(event, flags));
  const first = await eventsOf(client, flags, flags.limit);
  first.toReversed().forEach(print);
  if (!flags.follow) return;
  process.once('SIGINT', () => process.exit(0));
  const seen = new Map(first.map((event) => [keyOf(event), timeOf(event)]));
  for (;;) {
    await sleep(FOLLOW_MS);
    const from = Date.now() - OVERLAP_MS;
    const events = await eventsOf(client, { ...flags, since: new Date(from).toISOString() }, MAX_EVENTS);
    const fresh = events.filter((event) => !seen.has(keyOf(event)));
    fresh.toReversed().forEach(print);
    for (const event of fresh) seen.set(keyOf(event), timeOf(event));
    for (const [key, at] of seen) if (at < from - OVERLAP_MS) seen.delete(key);
  }
}

/** The youngest first. */
async function eventsOf(client: ApiClient, flags: Flags, most: number): Promise<Event[]> {
  const { event, severity, since, principal, address, all } = flags;
  const found: Event[] = [];
  for (let cursor: string | undefined; ;) {
    const limit = Math.min(PAGE, most - found.length);
    const query = { event, severity, since, principal, address, all, limit, cursor };
    const page = await client.request<RecentEventsView>('GET', '/audit/recent', { query });
    found.push(...page.events);
    cursor = page.next_cursor ?? undefined;
    if (cursor === undefined || found.length >= most) return found;
  }
}

function lineOf(event: Event, { json }: Flags): string {
  const line = JSON.stringify(event);
  if (json) return `${line}\n`;
  return `${tinted(describeRecord(line), String(event['severity']))}\n`;
}

function keyOf({ chain, seq }: Event): string {
  return `${String(chain)}/${String(seq)}`;
}

function timeOf({ time: at }: Event): number {
  return Date.parse(String(at));
}
