import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import { GatehouseError, NotFound } from '#errors';
import { Database, type Tables } from '#persistence';
import { keyIdOf } from '../tokens/session-key-id.ts';
import { Verdicts } from '../verdicts.ts';
import { Departures } from './departures.ts';

/** What went with a user. */
export interface Deleted {
  readonly sessions: number;
  /** Ids of the keys that were revoked. */
  readonly keys: readonly string[];
}

/**
 * Removes a user: the hash of the password, the seed and the codes of the second factor, networks and sessions, what other
 * libs keep, and, unless told otherwise, all that the API keys are good for which that user has made or rotated, since
 * whoever was shown a key may have kept it. All of it or none. Ids are never used again, so whoever takes the name next
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
  async delete(id: string, { keepKeys }: { keepKeys: boolean }, at = new Date()): Promise<Deleted> {
    const { sessions, keys } = await this.database.kysely.transaction().execute(async (transaction) => {
      await requireAnotherAdmin(id, transaction);
      // Locks the user, so that no log-in of theirs begins meanwhile.
      const { rowsOfSessions, rowsOfKeys } = await remove(id, { keepKeys, at }, transaction);
      await this.departures.of(id, transaction);
      return { sessions: rowsOfSessions, keys: rowsOfKeys };
    });
    for (const session of sessions) this.verdicts.forget(keyIdOf(session));
    for (const key of keys) this.verdicts.forget(key);
    return { sessions: sessions.length, keys };
  }
}

/** Locks the rows, so that of two administrators who delete each other at once one stays. */
async function requireAnotherAdmin(id: string, transaction: Transaction<Tables>): Promise<void> {
  const admins = await transaction
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute();
  if (admins.length !== 1 || admins[0]?.id !== id) return;
  throw new GatehouseError(
    'CONFLICT',
    'That is the last administrator who may log in: make another one first',
  );
}

async function remove(
  id: string,
  { keepKeys, at }: { keepKeys: boolean; at: Date },
  transaction: Transaction<Tables>,
): Promise<{ rowsOfSessions: string[]; rowsOfKeys: string[] }> {
  const locking = transaction.selectFrom('users').select('id').where('id', '=', id).forUpdate();
  if (!(await locking.executeTakeFirst())) throw new NotFound('There is no such user');
  const ending = transaction.deleteFrom('token_families').where('user_id', '=', id).returning('id');
  const sessions = await ending.execute();
  await transaction.deleteFrom('users').where('id', '=', id).execute();
  const revoking = transaction
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('created_by', '=', id)
    .where('revoked_at', 'is', null)
    .returning('id');
  const keys = keepKeys ? [] : await revoking.execute();
  return { rowsOfSessions: sessions.map((row) => row.id), rowsOfKeys: keys.map((row) => row.id) };
}
