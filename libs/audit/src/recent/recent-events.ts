import { sql } from 'kysely';
import { InvalidInput } from '#errors';
import type { Database } from '#persistence';
import type { AuditIndex } from '../search-index/audit-index.ts';
import type { ListRecentEvents } from './recent-events.dto.ts';
import { from } from './severities.ts';

const DAY_MS = 86_400_000;
/** Older ones are for `gatehouse audit show`: to look for a rare one here is to read all of that time. */
const RECENT_DAYS = 31;
const DEFAULT_LIMIT = 100;
/** As `cursorAt` writes them: what only looks like a time to us is none to the database. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const CHAIN = /^[\w-]{1,64}$/;
const wentWell = sql<boolean>`result is not distinct from 'allowed'`;
/** What happens all day long. */
const EVERYDAY = ['call', 'conversation_ingested'];

export interface RecentEventsPage {
  /** The records as the journal has them, the youngest first. */
  readonly events: Record<string, unknown>[];
  /** For the page after this one; null where there is none. */
  readonly nextCursor: string | null;
  /** Whether all that is in the journal is to be found by now: the index of the embedded database lags a little. */
  readonly complete: boolean;
}

interface Place {
  readonly time: string;
  readonly chain: string;
  readonly seq: string;
}

/** The end of the audit trail, for people who look on. What is verified is the journal itself: `gatehouse audit verify`. */
export class RecentEvents {
  constructor(
    private readonly database: Database,
    private readonly index: Pick<AuditIndex, 'status'>,
  ) {}

  /** @throws InvalidInput for a cursor that none of these pages gave, and for a time too long ago */
  async page(filter: ListRecentEvents): Promise<RecentEventsPage> {
    const { limit = DEFAULT_LIMIT, cursor } = filter;
    let query = this.#matching(filter);
    if (cursor !== undefined) {
      const { time, chain, seq } = placeIn(cursor);
      query = query.where(
        sql<boolean>`(time, chain, seq) < (${time}::timestamptz, ${chain}, ${seq}::bigint)`,
      );
    }
    const rows = await query.limit(limit + 1).execute();
    const shown = rows.slice(0, limit);
    return {
      events: shown.map(({ line }) => JSON.parse(line) as Record<string, unknown>),
      nextCursor: rows.length > limit ? cursorAt(shown.at(-1)!) : null,
      complete: this.database.engine === 'postgresql' || this.index.status.caughtUp,
    };
  }

  #matching({ event, severity, since, principal, address, all = false }: ListRecentEvents) {
    let query = this.database.kysely
      .selectFrom('audit_records')
      .select(['time', 'chain', 'seq', 'line'])
      // Always bounded by the index of times: a rare event must not cost a walk through a year.
      .where('time', '>=', beginOf(since))
      .orderBy('time', 'desc')
      .orderBy('chain', 'desc')
      .orderBy('seq', 'desc');
    if (event !== undefined) query = query.where('event', '=', event);
    else if (!all) query = query.where((of) => of.not(of.and([wentWell, of('event', 'in', EVERYDAY)])));
    if (severity !== undefined) query = query.where('severity', 'in', from(severity));
    if (address !== undefined) query = query.where('ip', '=', address);
    if (principal !== undefined) {
      const isNamed = sql<boolean>`line::json #>> '{principal,name}' = ${principal}`;
      query = query.where((of) => of.or([of('principal_id', '=', principal), isNamed]));
    }
    return query;
  }
}

function beginOf(since: string | undefined): Date {
  if (since === undefined) return new Date(Date.now() - DAY_MS);
  const begin = new Date(since);
  if (Date.now() - begin.getTime() <= RECENT_DAYS * DAY_MS) return begin;
  throw new InvalidInput(`Recent events are those of ${RECENT_DAYS} days`, [
    { path: '/since', message: `is more than ${RECENT_DAYS} days ago` },
  ]);
}

function cursorAt({ time, chain, seq }: { time: Date; chain: string; seq: string }): string {
  return Buffer.from(JSON.stringify([time.toISOString(), chain, seq])).toString('base64url');
}

function placeIn(cursor: string): Place {
  const [time, chain, seq] = parse(cursor);
  const isPlace =
    typeof time === 'string' &&
    TIME.test(time) &&
    !Number.isNaN(Date.parse(time)) &&
    typeof chain === 'string' &&
    CHAIN.test(chain) &&
    /^\d{1,18}$/.test(String(seq));
  if (isPlace) return { time, chain, seq: String(seq) };
  throw new InvalidInput('The cursor is none of ours: send next_cursor as it came', [
    { path: '/cursor', message: 'is not what next_cursor was' },
  ]);
}

function parse(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
