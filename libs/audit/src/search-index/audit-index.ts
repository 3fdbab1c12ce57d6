import type { Database } from '#persistence';
import { readLink } from '../chain/chain-link.ts';
import { readLines } from '../chain/read-lines.ts';
import { insertMissingRecords } from '../journal/insert-records.ts';
import type { JournalFolder } from '../journal/journal-folder.ts';
import type { Position } from '../chain/checkpoint.ts';

export interface AuditIndexOptions {
  database: Database;
  folder: JournalFolder;
  /** The ends of the chains that are being written, the newest last, and how many records there are; undefined where no server runs. */
  live?: () => { ends: readonly Position[]; records: number };
  onFailure?: (error: unknown) => void;
}

/** One insert: so short that no other query waits long for the one session of the embedded database. */
const CHUNK_BYTES = 32 * 1024;
const TICK_MS = 250;
/** Of each tick: a tenth beside calls, more when there are none. */
const BUSY_MS = 25;
const IDLE_MS = 100;
/** Above this many records in a tick the calls have the processor to themselves. */
const TOO_BUSY = 100;
const IDLE = 3;

interface Place {
  readonly chain: string;
  readonly segment: number;
  readonly bytes: number;
}

/**
 * Fills the table `audit_records` of the embedded database from the journal's files, behind them and slowly: the
 * files are the record, the table only finds things in them. It may lag, and can be made anew at any time.
 */
export class AuditIndex {
  readonly #options: AuditIndexOptions;
  /** Chains that may hold what is not in the table, oldest first; those that are being written are last, and stay. */
  #chains: string[] | undefined;
  #place: Place | undefined;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #stopped = false;
  #recordsBefore = 0;
  #failures = 0;
  #caughtUp = false;

  constructor(options: AuditIndexOptions) {
    this.#options = options;
  }

  /** Begins to work beside the server. In PostgreSQL the table is the journal itself, so there is nothing to do. */
  start(): void {
    if (this.#options.database.engine === 'postgresql') return;
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#working;
  }

  get status() {
    return { caughtUp: this.#caughtUp, failures: this.#failures };
  }

  /** Indexes all that is not indexed yet. `onProgress` is told of bytes. */
  async fill(onProgress: (bytes: number) => void = () => {}): Promise<void> {
    for (let bytes = await this.#step(); bytes > 0 && !this.#stopped; bytes = await this.#step())
      onProgress(bytes);
  }

  /** Empties the table and fills it anew. */
  async rebuild(onProgress?: (bytes: number) => void): Promise<void> {
    const { kysely, engine } = this.#options.database;
    if (engine === 'postgresql')
      throw new Error('in PostgreSQL the table is the journal itself: nothing can rebuild it');
    await kysely.deleteFrom('audit_index').execute();
    await kysely.deleteFrom('audit_records').execute();
    this.#chains = undefined;
    this.#place = undefined;
    await this.fill(onProgress);
  }

  #tick(): void {
    const records = this.#options.live?.().records ?? 0;
    const since = records - this.#recordsBefore;
    this.#recordsBefore = records;
    if (since > 0) this.#caughtUp = false;
    if (this.#caughtUp || since > TOO_BUSY) return;
    const until = performance.now() + (since <= IDLE ? IDLE_MS : BUSY_MS);
    this.#working = this.#working.then(() => this.#workUntil(until));
  }

  async #workUntil(until: number): Promise<void> {
    try {
      while (!this.#stopped && performance.now() < until) {
        if ((await this.#step()) === 0) return;
      }
    } catch (error) {
      if (this.#failures++ === 0) this.#options.onFailure?.(error);
    }
  }

  /** Indexes one chunk. Answers how many bytes of the journal that was; 0 when all is done. */
  async #step(): Promise<number> {
    const live = (this.#options.live?.().ends ?? []).map(({ chain }) => chain);
    const known = (this.#chains ??= await this.#options.folder.chains());
    this.#chains = [...known.filter((chain) => !live.includes(chain)), ...live];
    for (const chain of this.#chains) {
      const bytes = await this.#stepIn(chain);
      if (bytes > 0) return bytes;
      // One that has ended meanwhile may have grown since it was looked at.
      if (!live.includes(chain)) this.#chains = this.#chains.filter((one) => one !== chain);
    }
    this.#caughtUp = true;
    return 0;
  }

  async #stepIn(chain: string): Promise<number> {
    const place = this.#place?.chain === chain ? this.#place : await this.#savedPlace(chain);
    const segments = (await this.#options.folder.segments(chain)) ?? [];
    for (const segment of segments.filter((number) => number >= place.segment)) {
      const from = segment === place.segment ? place.bytes : 0;
      const bytes = await this.#indexChunk({ chain, segment, bytes: from });
      if (bytes > 0) return bytes;
    }
    return 0;
  }

  async #indexChunk({ chain, segment, bytes: from }: Place): Promise<number> {
    const lines: string[] = [];
    const { end } = await readLines(this.#options.folder.segmentPath(chain, segment), {
      from,
      to: Math.min(from + CHUNK_BYTES, this.#safeEnd(chain, segment)),
      visit: (line) => {
        // What is not as it was written is for `audit verify` to tell, not for the index to show.
        if (readLink(line)?.sound) lines.push(line.toString('latin1'));
      },
    });
    if (end === from) return 0;
    await this.#save(lines, { chain, segment, bytes: end });
    return end - from;
  }

  /** The live segment may end in what is not safe yet. */
  #safeEnd(chain: string, segment: number): number {
    const ends = this.#options.live?.().ends ?? [];
    const last = ends.find((end) => end.chain === chain && end.segment === segment);
    return last ? last.bytes : Infinity;
  }

  async #savedPlace(chain: string): Promise<Place> {
    const row = await this.#options.database.kysely
      .selectFrom('audit_index')
      .selectAll()
      .where('chain', '=', chain)
      .executeTakeFirst();
    return row ? { chain, segment: row.segment, bytes: Number(row.bytes) } : { chain, segment: 1, bytes: 0 };
  }

  async #save(lines: readonly string[], reached: Place): Promise<void> {
    const { chain, segment, bytes } = reached;
    const place = { segment, bytes: String(bytes) };
    await this.#options.database.kysely.transaction().execute(async (transaction) => {
      if (lines.length > 0) await insertMissingRecords(transaction, lines);
      await transaction
        .insertInto('audit_index')
        .values({ chain, ...place })
        .onConflict((conflict) => conflict.column('chain').doUpdateSet(place))
        .execute();
    });
    this.#place = reached;
  }
}
