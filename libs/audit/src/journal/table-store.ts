import { sql } from 'kysely';
import type { Database } from '#persistence';
import { readLink, type Head } from '../chain/chain-link.ts';
import { signCheckpoint, type ChainState, type Position } from '../chain/checkpoint.ts';
import type { SigningKey } from '../chain/signing-key.ts';
import { insertRecords } from './insert-records.ts';
import { JournalStore, type Lines, type Past } from './journal-store.ts';
import type { LocalCopy } from './local-copy.ts';
import { TIED_CHAINS } from './read-past.ts';

export interface TableStoreOptions {
  database: Database;
  chain: string;
  key: SigningKey;
  copy: LocalCopy;
}

/** How many running processes a checkpoint names at most, and how old its knowledge of them may be. */
const MAX_PEERS = 64;
const PEERS_MS = 5_000;

/** The tables `audit_records` and `audit_checkpoints` of PostgreSQL, with a copy in the data folder. */
export class TableStore extends JournalStore {
  readonly #database: Database;
  readonly #chain: string;
  readonly #key: SigningKey;
  readonly #copy: LocalCopy;
  #peers: readonly Head[] = [];
  #peersAt = Number.NEGATIVE_INFINITY;

  constructor({ database, chain, key, copy }: TableStoreOptions) {
    super();
    this.#database = database;
    this.#chain = chain;
    this.#key = key;
    this.#copy = copy;
  }

  async past(): Promise<Past> {
    await this.#copy.do((files) => files.past());
    const { rows } = await sql<{ chain: string; line: string }>`
      select chains.chain, record.line
      from (select distinct chain from audit_checkpoints order by chain desc limit ${TIED_CHAINS}) as chains,
        lateral (
          select line from audit_records where chain = chains.chain order by seq desc limit 1
        ) as record
      order by chains.chain desc`.execute(this.#database.kysely);
    const damage: string[] = [];
    const heads = rows.flatMap(({ chain, line }) => {
      const link = readLink(Buffer.from(line, 'latin1'));
      if (link?.sound && link.chain === chain) return [{ chain, seq: link.seq, hash: link.hash }];
      damage.push(`the last record of chain ${chain} is not as it was written`);
      return [];
    });
    return { heads, damage };
  }

  async begin(segment: number): Promise<void> {
    void this.#copy.do((files) => files.begin(segment));
  }

  async append(lines: Lines): Promise<void> {
    await insertRecords(
      this.#database.kysely,
      lines.each.map((line) => line.slice(0, -1)),
    );
    void this.#copy.do((files) => files.append(lines));
  }

  /** A commit whose answer was lost may have happened after all: then its records stay, and the chain goes on after them. */
  async restore(last: Position): Promise<Position> {
    const rows = await this.#database.kysely
      .selectFrom('audit_records')
      .select('line')
      .where('chain', '=', this.#chain)
      .where('seq', '>', String(last.seq))
      .orderBy('seq')
      .execute();
    const each = rows.map(({ line }) => `${line}\n`);
    const link = readLink(Buffer.from(rows.at(-1)?.line ?? '', 'latin1'));
    if (!link) return last;
    const text = each.join('');
    const end = { ...last, seq: link.seq, hash: link.hash, bytes: last.bytes + text.length };
    void this.#copy.do((files) => files.append({ each, text, end }));
    return end;
  }

  async checkpoint(position: Position, state: ChainState, named: readonly Head[] = []): Promise<void> {
    const { chain, segment, seq, hash } = position;
    const peers = [...named, ...(await this.#knownPeers())];
    const line = await signCheckpoint(this.#key, { position, state, peers });
    const row = { seq: String(seq), hash, state, time: new Date(), line };
    await this.#database.kysely
      .insertInto('audit_checkpoints')
      .values({ chain, segment, ...row })
      .onConflict((conflict) => conflict.columns(['chain', 'segment']).doUpdateSet(row))
      .execute();
    void this.#copy.do((files) => files.checkpoint(position, state, named));
  }

  /** In the tables the other processes' checkpoints name this chain from now on. */
  async follow(first: Head): Promise<void> {
    await this.#copy.do((files) => files.follow(first));
  }

  async close(): Promise<void> {
    await this.#copy.do((files) => files.close());
  }

  /** Heads of the chains of other processes that run now. */
  async #knownPeers(): Promise<readonly Head[]> {
    if (performance.now() - this.#peersAt < PEERS_MS) return this.#peers;
    this.#peersAt = performance.now();
    const { rows } = await sql<{ chain: string; seq: string; hash: string }>`
      select distinct on (chain) chain, seq, hash from audit_checkpoints
      where chain <> ${this.#chain} and time > now() - interval '1 hour'
      order by chain desc, segment desc limit ${MAX_PEERS}`.execute(this.#database.kysely);
    this.#peers = rows.map(({ chain, seq, hash }) => ({ chain, seq: Number(seq), hash }));
    return this.#peers;
  }
}
