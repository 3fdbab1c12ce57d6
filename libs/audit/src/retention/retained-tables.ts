import { sql } from 'kysely';
import type { Database, Tables } from '#persistence';
import { ChainKeys } from '../chain/chain-keys.ts';
import { readCheckpoint, type Checkpoint } from '../chain/checkpoint.ts';
import { TableSource } from '../verify/table-source.ts';
import { FollowLines } from './follow-lines.ts';
import type { Removal, Removed } from './removal.ts';
import { Removals } from './removals.ts';
import { RetainedStore, type Due } from './retained-store.ts';

const PAGE_ROWS = 2000;
/** In one statement, so that none runs into its time limit. */
const DELETED_ROWS = 5000;

/** The tables of PostgreSQL. Checkpoints stay, as in the files. */
export class RetainedTables extends RetainedStore {
  readonly #database: Database;
  readonly #source: TableSource;

  constructor(database: Database) {
    super();
    this.#database = database;
    this.#source = new TableSource(database.kysely);
  }

  async removals(): Promise<Removals> {
    return new Removals(await this.#source.removals());
  }

  async due(before: Date, gone: Removals['chains'], signal: AbortSignal): Promise<Due> {
    const removed: Removed[] = [];
    const faults: string[] = [];
    let records = 0;
    const chains = await this.#source.chains();
    const keys = await ChainKeys.of(chains, (chain) => this.#source.genesis(chain), gone);
    for (const chain of chains) {
      signal.throwIfAborted();
      const start = gone.get(chain);
      const key = keys.of(chain);
      const last = key && (await this.#lastOld(chain, keys, before, start));
      if (!key || !last) continue;
      const follow = new FollowLines(chain, start);
      follow.expect(last);
      await this.#follow(follow, chain, last.seq);
      if (!follow.fault && follow.seq !== last.seq) follow.fault = `entry ${follow.seq + 1} is missing`;
      if (follow.fault) faults.push(`chain ${chain}: ${follow.fault}`);
      if (follow.fault) continue;
      removed.push({ chain, segment: last.segment, seq: last.seq, hash: last.hash, key: key.text });
      records += last.seq - (start?.seq ?? 0);
    }
    return { removed, records, faults };
  }

  async state(key: string, line: string): Promise<void> {
    await this.#database.kysely
      .insertInto('audit_removals')
      .values({ key, line })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ line }))
      .execute();
  }

  async sweep({ chains }: Pick<Removal, 'chains'>): Promise<void> {
    for (const one of chains.values()) await deleteUpTo(this.#database, one);
  }

  /** The last checkpoint that is old enough, where something from before it is still to be removed. */
  async #lastOld(
    chain: string,
    keys: ChainKeys,
    before: Date,
    gone: Removed | undefined,
  ): Promise<Checkpoint | undefined> {
    const lines = await this.#source.checkpoints(chain);
    const old: Checkpoint[] = [];
    for (const [index, line] of lines.entries()) {
      const checkpoint = readCheckpoint(line ?? '', keys.byId);
      const fits = checkpoint?.chain === chain && checkpoint.segment === index + 1;
      if (!fits || new Date(checkpoint.time) >= before) break;
      old.push(checkpoint);
    }
    const last = old.at(-1);
    return last && last.seq > (gone?.seq ?? 0) ? last : undefined;
  }

  async #follow(follow: FollowLines, chain: string, to: number): Promise<void> {
    while (!follow.fault && follow.seq < to) {
      const rows = await this.#database.kysely
        .selectFrom('audit_records')
        .select('line')
        .where('chain', '=', chain)
        .where('seq', '>', String(follow.seq))
        .where('seq', '<=', String(to))
        .orderBy('seq')
        .limit(PAGE_ROWS)
        .execute();
      if (rows.length === 0) return;
      for (const { line } of rows) follow.line(Buffer.from(line));
    }
  }
}

/** Rows of one chain up to a record. */
export async function deleteUpTo(
  database: Database,
  { chain, seq }: Pick<Removed, 'chain' | 'seq'>,
): Promise<void> {
  for (;;) {
    const { numAffectedRows } = await sql<Tables['audit_records']>`
      delete from audit_records where chain = ${chain} and seq in (
        select seq from audit_records where chain = ${chain} and seq <= ${seq} order by seq limit ${DELETED_ROWS}
      )`.execute(database.kysely);
    if (Number(numAffectedRows ?? 0) < DELETED_ROWS) return;
  }
}
