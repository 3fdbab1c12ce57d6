import { sql } from 'kysely';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import type { Transaction } from '#jobs';
import type { tasksConfig } from './tasks.config.ts';

export type Room = Pick<ConfigOf<typeof tasksConfig>, 'unfinishedPerClient' | 'keptPerClient'>;

/**
 * One at a time for each client, until the transaction ends: two calls that each find room for one must not both take it.
 * @throws {GatehouseError} TOO_MANY_TASKS
 */
export async function checkRoom(
  transaction: Transaction,
  { id }: Principal,
  { unfinishedPerClient, keptPerClient }: Room,
): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`gatehouse:tasks:${id}`}, 0))`.execute(
    transaction,
  );
  const { kept, unfinished } = await transaction
    .selectFrom('tasks')
    .select(({ fn }) => [
      fn.countAll().as('kept'),
      sql<string>`count(*) filter (where status in ('working', 'input_required'))`.as('unfinished'),
    ])
    .where('principal_id', '=', id)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .executeTakeFirstOrThrow();
  if (Number(unfinished) >= unfinishedPerClient)
    throw new GatehouseError('TOO_MANY_TASKS', 'Too many tasks that have not ended: wait, or cancel one');
  if (Number(kept) >= keptPerClient)
    throw new GatehouseError('TOO_MANY_TASKS', 'Too many tasks: wait until the time of older ones is up');
}
