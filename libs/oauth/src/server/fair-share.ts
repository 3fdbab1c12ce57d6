import { sql } from 'kysely';
import type { Database } from '#persistence';

export interface Share {
  /** Of one network. */
  readonly each: number;
  /** Of all together. */
  readonly all: number;
}

/**
 * How much of what strangers may begin (the table `oauth_artifacts`, rows with a network) may be under way. One network has
 * a share of its own. When all is taken, whoever holds little gets in at the cost of who holds the most: so a flood from a
 * few networks takes from itself, and holds up nobody else. Those that ask at the very same time may get one more each.
 */
export class FairShare {
  readonly #database: Database;
  readonly #share: Share;

  constructor(database: Database, share: Share) {
    this.#database = database;
    this.#share = share;
  }

  /**
   * Whether one more may begin. Makes room for it where it must.
   * @param networks digests of one network, as it may have been kept
   */
  async admits(model: string, networks: readonly string[], at = new Date()): Promise<boolean> {
    const own = await this.#count(model, at, networks);
    if (own >= this.#share.each) return false;
    if ((await this.#count(model, at)) < this.#share.all) return true;
    return this.#makeRoom(model, { own, at });
  }

  async #count(model: string, at: Date, networks?: readonly string[]): Promise<number> {
    let counting = this.#database.kysely
      .selectFrom('oauth_artifacts')
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .where('model', '=', model)
      .where('expires_at', '>', at);
    counting = networks
      ? counting.where('network', 'in', networks)
      : counting.where('network', 'is not', null);
    return Number((await counting.executeTakeFirstOrThrow()).count);
  }

  /** Nobody gives way to one who would then hold as much: what two began in turn would never come to its end. */
  async #makeRoom(model: string, { own, at }: { own: number; at: Date }): Promise<boolean> {
    const { numAffectedRows } = await sql`
      delete from oauth_artifacts where (model, id) in (
        select model, id from oauth_artifacts
        where model = ${model} and expires_at > ${at} and network = (
          select network from oauth_artifacts
          where model = ${model} and expires_at > ${at} and network is not null
          group by network having count(*) > ${own + 1}
          order by count(*) desc, network limit 1
        )
        order by expires_at limit 1
      )`.execute(this.#database.kysely);
    return numAffectedRows === 1n;
  }
}
