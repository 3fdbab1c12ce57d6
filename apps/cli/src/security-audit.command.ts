import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { severities, type RecentEventsView } from '#audit';
import { ApiClient, withClientOptions, type ClientOptions } from './api-client.ts';
import { describeRecord } from './audit-report.ts';
import { CommandError } from './command-error.ts';
import { moment, wholeNumber } from './option-values.ts';
import { reporting } from './reporting.ts';
import { linesSafe, tinted } from './terminal.ts';

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

const NOTHING = 'There is no such event: --since goes further back, --all shows everyday ones, too\n';
const PAGE = 500;
const MAX_EVENTS = 100_000;
const FOLLOW_MS = 1_000;
/** Records of other processes, and those that the index has yet to find, come late: so far back is asked again. */
const OVERLAP_MS = 30_000;
/** The furthest that is asked back for what came late: of a rare event, the youngest may be a day old. */
const LOOK_BACK_MS = 600_000;

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
  if (!flags.follow) {
    if (first.length === 0 && !flags.json) process.stderr.write(NOTHING);
    return;
  }
  process.once('SIGINT', () => process.exit(0));
  const follower = new Follower(client, flags, first);
  await follower.passOver();
  for (;;) {
    await sleep(FOLLOW_MS);
    (await follower.fresh()).toReversed().forEach(print);
  }
}

/** Finds what has happened since the events that were shown first. */
class Follower {
  readonly #seen: Map<string, number>;
  /** When the youngest happened that was seen, by the clock of the gateway, which may not be ours. */
  #youngest: number;
  #answeredAt = Date.now();
  #isAway = false;

  constructor(
    private readonly client: ApiClient,
    private readonly flags: Flags,
    private readonly first: readonly Event[],
  ) {
    this.#seen = new Map(first.map((event) => [keyOf(event), timeOf(event)]));
    this.#youngest = first.length > 0 ? timeOf(first[0]!) : Date.now();
  }

  /** Takes for seen what lies before the first that was shown, by --limit or by --since. */
  async passOver(): Promise<void> {
    const { limit, since } = this.flags;
    const recent = await this.#recent();
    const oldest = this.first.length === limit ? keyOf(this.first.at(-1)!) : undefined;
    const place = recent.findIndex((event) => keyOf(event) === oldest);
    const begin = since === undefined ? -Infinity : Date.parse(since);
    const older = recent.filter((event, index) => (place >= 0 && index > place) || timeOf(event) < begin);
    for (const event of older) this.#seen.set(keyOf(event), timeOf(event));
  }

  /** The youngest first. A gateway that is away, as while it restarts, is waited for. */
  async fresh(): Promise<Event[]> {
    try {
      const events = (await this.#recent()).filter((event) => !this.#seen.has(keyOf(event)));
      this.#isAway = false;
      this.#answeredAt = Date.now();
      for (const event of events) this.#see(event);
      const forgotten = this.#from - OVERLAP_MS;
      for (const [key, at] of this.#seen) if (at < forgotten) this.#seen.delete(key);
      return events;
    } catch (error) {
      if (!(error instanceof CommandError) || error.reason === 'denied') throw error;
      if (!this.#isAway)
        process.stderr.write(`${linesSafe(error.message)}\nIt is asked again every second.\n`);
      this.#isAway = true;
      return [];
    }
  }

  #see(event: Event): void {
    this.#seen.set(keyOf(event), timeOf(event));
    this.#youngest = Math.max(this.#youngest, timeOf(event));
  }

  get #from(): number {
    return Math.max(this.#youngest, this.#answeredAt - LOOK_BACK_MS) - OVERLAP_MS;
  }

  #recent(): Promise<Event[]> {
    return eventsOf(this.client, { ...this.flags, since: new Date(this.#from).toISOString() }, MAX_EVENTS);
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
