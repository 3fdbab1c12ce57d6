import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { sql } from 'kysely';
import type { Database } from '#persistence';
import type { AuditTrail } from '../audit-trail.ts';
import { readOnlyTables } from './read-only-tables.ts';
import { verifyAside, type JournalPlace, type Verdict } from './verify-aside.ts';

export interface ChainWatchOptions {
  trail: Pick<AuditTrail, 'event'>;
  database: Database;
  place: JournalPlace;
  /** Milliseconds between two verifications; 0 for none. */
  everyMs: number;
}

const EVENT = 'audit_verified';
const LOCK = 'gatehouse:audit-verification';
/** The start of a process is busy enough. */
const FIRST_MS = 60_000;
/** How often it is asked whether one is due: replicas share what one of them has found. */
const TICK_MS = 600_000;

interface Verified extends Verdict {
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Verifies the journal once in a while, and leaves a record of what it found. In PostgreSQL one replica does so for all;
 * files are verified by the process that writes them, and anew after each start.
 */
export class ChainWatch implements OnApplicationShutdown {
  readonly #options: ChainWatchOptions;
  readonly #logger = new Logger('Audit');
  readonly #end = new AbortController();
  readonly #since = Date.now();
  #timers: NodeJS.Timeout[] = [];
  #last: Verified | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: ChainWatchOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#options.everyMs === 0) return;
    this.#timers = [
      setTimeout(() => void this.look(), FIRST_MS).unref(),
      setInterval(() => void this.look(), TICK_MS).unref(),
    ];
  }

  /**
   * `faults` is NaN until the journal was verified; `verifiedAt` is then when we began to wait for that, and NaN where it is
   * turned off. Seconds since 1970.
   */
  get status(): { faults: number; verifiedAt: number } {
    const { everyMs } = this.#options;
    const at = this.#last?.at ?? (everyMs === 0 ? Number.NaN : this.#since);
    return { faults: this.#last?.faults ?? Number.NaN, verifiedAt: at / 1000 };
  }

  /** Verifies where that is due. Never rejects: what could not be read is tried again, and its age tells. */
  look(): Promise<void> {
    return (this.#looking ??= this.#lookInTurn().finally(() => (this.#looking = undefined)));
  }

  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#end.abort();
    await this.#looking;
  }

  async #lookInTurn(): Promise<void> {
    const { everyMs, place } = this.#options;
    if (this.#last && Date.now() - this.#last.at < everyMs) return;
    try {
      await (place.url === undefined ? this.#verify() : this.#verifyForAll(place.url));
    } catch (error) {
      if (this.#end.signal.aborted) return;
      this.#logger.warn(`The audit journal could not be verified: ${String(error)}`);
    }
  }

  /**
   * On a connection of its own, which the pool does not miss. Whoever finds the lock taken does not wait, but hears of the
   * result at the next look.
   */
  async #verifyForAll(url: string): Promise<void> {
    this.#last = (await this.#verifiedByOthers()) ?? this.#last;
    if (this.#last && Date.now() - this.#last.at < this.#options.everyMs) return;
    const tables = readOnlyTables(url);
    try {
      // In a transaction, because a pooler between us and the server gives a session to another in between.
      await tables.transaction().execute(async (one) => {
        await sql`set local idle_in_transaction_session_timeout = 0`.execute(one);
        const lock = sql<{ alone: boolean }>`
          select pg_try_advisory_xact_lock(hashtextextended(${LOCK}, 0)) as alone`;
        const { rows } = await lock.execute(one);
        if (rows[0]?.alone) await this.#verify();
      });
    } finally {
      await tables.destroy();
    }
  }

  async #verify(): Promise<void> {
    const { place, trail } = this.#options;
    const { entries, faults, first } = await verifyAside(place, this.#end.signal);
    this.#last = { entries, faults, first, at: Date.now() };
    if (faults > 0) {
      this.#logger.error(
        `The audit journal was changed (${faults} faults): ${first}. See "gatehouse audit verify"`,
      );
    }
    const notes = { entries, faults, ...(first !== undefined && { first }) };
    await trail.event({ event: EVENT, severity: faults > 0 ? 'CRITICAL' : 'LOW', notes });
  }

  async #verifiedByOthers(): Promise<Verified | undefined> {
    const { database, everyMs } = this.#options;
    const row = await database.kysely
      .selectFrom('audit_records')
      .select(['time', 'line'])
      .where('event', '=', EVENT)
      .where('time', '>', new Date(Date.now() - everyMs))
      .orderBy('time', 'desc')
      .limit(1)
      .executeTakeFirst();
    const { notes } = JSON.parse(row?.line ?? '{}') as { notes?: Verdict };
    return row && notes && { ...notes, at: row.time.getTime() };
  }
}
