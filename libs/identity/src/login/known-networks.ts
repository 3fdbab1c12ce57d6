import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { networkOf } from '#call';
import { Database } from '#persistence';
import { Pepper } from '../pepper.ts';

/** A person has a few places; more would let whoever has the password make himself at home everywhere. */
const MOST = 20;
const REMEMBERED_DAYS = 90;

/** From which networks each user has logged in lately. */
@Injectable()
export class KnownNetworks {
  constructor(
    private readonly database: Database,
    private readonly pepper: Pepper,
  ) {}

  async knows(userId: string, address: string, at = new Date()): Promise<boolean> {
    const row = await this.database.kysely
      .selectFrom('user_networks')
      .select('digest')
      .where('user_id', '=', userId)
      .where('digest', 'in', this.pepper.eitherOf(textOf(userId, address)))
      .where('seen_at', '>', sql<Date>`${at}::timestamptz - ${REMEMBERED_DAYS} * interval '1 day'`)
      .executeTakeFirst();
    return row !== undefined;
  }

  async remember(userId: string, address: string, at = new Date()): Promise<void> {
    const { kysely } = this.database;
    await kysely
      .insertInto('user_networks')
      .values({ user_id: userId, digest: this.pepper.digest(textOf(userId, address)), seen_at: at })
      .onConflict((conflict) => conflict.columns(['user_id', 'digest']).doUpdateSet({ seen_at: at }))
      .execute();
    await sql`
      delete from user_networks where user_id = ${userId} and digest not in (
        select digest from user_networks where user_id = ${userId} order by seen_at desc limit ${MOST}
      )`.execute(kysely);
  }
}

/** Kept as a digest, with a key: where people log in from is nobody's business who reads the database. */
function textOf(userId: string, address: string): string {
  return `network ${userId} ${networkOf(address)}`;
}
