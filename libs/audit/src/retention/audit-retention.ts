import { Logger } from '@nestjs/common';
import type { Database } from '#persistence';
import type { Journal } from '../journal/journal.ts';
import type { Succession } from '../journal/succession.ts';
import { eventBody } from '../record-body.ts';
import { signRemoval, type Removal } from './removal.ts';
import type { RetainedStore } from './retained-store.ts';
import { deleteUpTo } from './retained-tables.ts';

const DAY_MS = 86_400_000;
const EVERY_MS = 6 * 3_600_000;

export interface AuditRetentionOptions {
  /** 0: for ever. */
  days: number;
  journal: Pick<Journal, 'append'>;
  /** What signs now. */
  signing: Pick<Succession, 'key'>;
  database: Database;
  /** The journal itself. */
  store: RetainedStore;
  /** Its copy in the data folder, where it is in PostgreSQL. */
  copy?: RetainedStore | undefined;
  now?: () => number;
}

/**
 * Removes what is older than AUDIT_RETENTION_DAYS: whole segments, from the beginning of a chain on, and only what
 * verifies. That it was removed is a record of its own; a signed statement says up to where, so that what is left still
 * verifies, and nothing more can be taken away. In this order, so that a process that dies in between has removed
 * nothing that is not stated.
 */
export class AuditRetention {
  readonly #options: AuditRetentionOptions;
  readonly #logger = new Logger('Audit');
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: AuditRetentionOptions) {
    this.#options = options;
  }

  /** At once, and every six hours. Does not wait. */
  start(): void {
    if (this.#options.days === 0) return;
    this.#soon();
    this.#timer ??= setInterval(() => this.#soon(), EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#working;
  }

  /** Says how many records were removed from the journal. */
  async removeOld(): Promise<number> {
    const { database, store, copy } = this.#options;
    const records = await database.withLock('audit-retention', () => this.#removeFrom(store, true));
    if (copy) await this.#removeFrom(copy, false);
    return records;
  }

  #soon(): void {
    this.#working = this.#working.then(() => this.#tryToRemove());
  }

  async #tryToRemove(): Promise<void> {
    try {
      await this.removeOld();
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.#logger.error(`Old records of the audit journal stay: ${(error as Error).message}`);
    }
  }

  async #removeFrom(store: RetainedStore, isJournal: boolean): Promise<number> {
    const { days, now = Date.now, signing } = this.#options;
    const { key } = signing;
    const before = new Date(now() - days * DAY_MS);
    const all = await store.removals();
    if (all.altered > 0) throw new Error('a statement of what was removed is not as it was signed');
    const { removed, records, faults } = await store.due(before, all.chains, this.#stop.signal);
    for (const fault of faults)
      this.#logger.error(
        `What is not as it was written is not removed: ${fault}. See "gatehouse audit verify"`,
      );
    const chains = new Map([
      ...(all.of(key.public.id)?.chains ?? []),
      ...removed.map((one) => [one.chain, one] as const),
    ]);
    const removal = { before: before.toISOString(), chains, key: key.public };
    if (removed.length > 0) {
      if (isJournal) await this.#record(removal, records, removed.length);
      await store.state(key.public.id, await signRemoval(key, removal));
    }
    if (chains.size > 0) await this.#sweep(store, removal);
    return records;
  }

  async #record({ before }: Removal, records: number, chains: number): Promise<void> {
    const notes = { before, records, chains };
    await this.#options.journal.append(
      eventBody({ event: 'audit_records_removed', severity: 'MEDIUM', notes }),
      'other',
    );
    this.#logger.log(`Removed ${records} records of the audit journal from before ${before}`);
  }

  async #sweep(store: RetainedStore, removal: Removal): Promise<void> {
    await store.sweep(removal);
    const { database } = this.#options;
    if (database.engine !== 'pglite') return;
    // There the table is an index of the files.
    for (const one of removal.chains.values()) await deleteUpTo(database, one);
  }
}
