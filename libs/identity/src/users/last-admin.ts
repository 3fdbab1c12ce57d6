import type { Transaction } from 'kysely';
import { GatehouseError } from '#errors';
import type { Tables } from '#persistence';

/**
 * Before a user is deleted, disabled or has another role. Locks the rows, so that of two administrators who do it to each
 * other at once one stays.
 * @throws GatehouseError CONFLICT where that is the last administrator who may log in
 */
export async function requireAnotherAdmin(id: string, within: Transaction<Tables>): Promise<void> {
  const admins = await within
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
