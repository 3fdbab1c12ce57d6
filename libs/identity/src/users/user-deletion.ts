import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import { NotFound } from '#errors';
import { Database, type Tables } from '#persistence';
import { keyIdOf } from '../tokens/session-key-id.ts';
import { Verdicts } from '../verdicts.ts';
import { Departures } from './departures.ts';
import { disinherit, type Disinherited, type Keeping } from './disinheritance.ts';
import { requireAnotherAdmin } from './last-admin.ts';

/** What went with a user. */
export interface Deleted extends Disinherited {
  readonly sessions: number;
}

/**
 * Removes a user: the hash of the password, the seed and the codes of the second factor, networks and sessions, what other
 * libs keep, and, unless told otherwise, all that the API keys and the secrets of OAuth clients are good for which that user
 * has made or rotated, since whoever was shown one may have kept it. All of it or none. Ids are never used again, so whoever takes the name next
 * inherits nothing; keys and the audit trail go on naming who it was by the id.
 */
@Injectable()
export class UserDeletion {
  constructor(
    private readonly database: Database,
    private readonly departures: Departures,
    private readonly verdicts: Verdicts,
  ) {}

  /** @throws NotFound; GatehouseError CONFLICT where that is the last administrator who may log in */
  async delete(id: string, keeping: Keeping, at = new Date()): Promise<Deleted> {
    const { sessions, ...gone } = await this.database.kysely.transaction().execute(async (transaction) => {
      await requireAnotherAdmin(id, transaction);
      // Locks the user, so that no log-in of theirs begins meanwhile.
      const removed = await remove(id, transaction);
      await this.departures.forget(id, transaction);
      const { departures } = this;
      return { sessions: removed, ...(await disinherit(id, { keeping, departures, at }, transaction)) };
    });
    for (const session of sessions) this.verdicts.forget(keyIdOf(session));
    for (const key of gone.keys) this.verdicts.forget(key);
    for (const principal of [id, ...gone.clients.map((client) => `client:${client}`)])
      this.verdicts.forgetAllOf(principal);
    return { sessions: sessions.length, ...gone };
  }
}

/** Answers which sessions there were. */
async function remove(id: string, transaction: Transaction<Tables>): Promise<string[]> {
  const locking = transaction.selectFrom('users').select('id').where('id', '=', id).forUpdate();
  if (!(await locking.executeTakeFirst())) throw new NotFound('There is no such user');
  const ending = transaction.deleteFrom('token_families').where('user_id', '=', id).returning('id');
  const sessions = await ending.execute();
  await transaction.deleteFrom('users').where('id', '=', id).execute();
  return sessions.map((row) => row.id);
}
