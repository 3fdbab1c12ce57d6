import { sql, type RawBuilder } from 'kysely';
import type { Database } from '#persistence';

export interface Share {
  /** Of one network. */
  readonly each: number;
  /** Of all together. */
  readonly all: number;
}

/** Where it is kept: rows with a network, each until its time is over. */
export interface Rows {
  readonly table: 'oauth_artifacts' | 'oauth_clients';
  readonly until: 'expires_at' | 'unused_until';
  /** What has no more than this before its end gives way to anybody, when all is taken. Nothing does without it. */
  readonly agedMs?: number;
}

/** Rows of one kind, where the table has several. */
interface Asked {
  readonly model?: string;
  readonly at?: Date;
}

/**
 * How much of what strangers may begin is under way. One network has a share of its own. When all is taken, whoever holds
 * little gets in at the cost of who holds the most: so a flood from a few networks takes from itself, and holds up nobody
 * else. Those that ask at the very same time may get one more each.
 */
export class FairShare {
  readonly #database: Database;
  readonly #rows: Rows;
  readonly #share: Share;

  constructor(database: Database, rows: Rows, share: Share) {
    this.#database = database;
    this.#rows = rows;
    this.#share = share;
  }

  /**
   * Whether one more may begin. Makes room for it where it must.
   * @param networks digests of one network, as it may have been kept
   */
  async admits(networks: readonly string[], { model, at = new Date() }: Asked = {}): Promise<boolean> {
    const live = this.#live(model, at);
    const own = await this.#count(sql`${live} and network in (${sql.join(networks)})`);
    if (own >= this.#share.each) return false;
    if ((await this.#count(live)) < this.#share.all) return true;
    return (await this.#takeFromMost(live, own)) || (await this.#takeAged(live, at));
  }

  async #count(which: RawBuilder<unknown>): Promise<number> {
    const { rows } = await sql<{ count: string }>`
      select count(*) from ${sql.table(this.#rows.table)} where ${which}`.execute(this.#database.kysely);
    return Number(rows[0]!.count);
  }

  /** Nobody gives way to one who would then hold as much: what two began in turn would never come to its end. */
  #takeFromMost(live: RawBuilder<unknown>, own: number): Promise<boolean> {
    return this.#takeOldest(sql`${live} and network = (
      select network from ${sql.table(this.#rows.table)} where ${live}
      group by network having count(*) > ${own + 1}
      order by count(*) desc, network limit 1
    )`);
  }

  async #takeAged(live: RawBuilder<unknown>, at: Date): Promise<boolean> {
    const { until, agedMs } = this.#rows;
    if (agedMs === undefined) return false;
    return this.#takeOldest(sql`${live} and ${sql.ref(until)} <= ${new Date(at.getTime() + agedMs)}`);
  }

  async #takeOldest(which: RawBuilder<unknown>): Promise<boolean> {
    const { table, until } = this.#rows;
    const key = table === 'oauth_artifacts' ? sql`(model, id)` : sql`(id)`;
    const columns = table === 'oauth_artifacts' ? sql`model, id` : sql`id`;
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where ${key} in (
        select ${columns} from ${sql.table(table)} where ${which} order by ${sql.ref(until)} limit 1
      )`.execute(this.#database.kysely);
    return numAffectedRows === 1n;
  }

  #live(model: string | undefined, at: Date): RawBuilder<unknown> {
    const live = sql`network is not null and ${sql.ref(this.#rows.until)} > ${at}`;
    return model === undefined ? live : sql`${live} and model = ${model}`;
  }
}
