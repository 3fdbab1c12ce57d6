import type { Database } from '#persistence';

/**
 * Revokes all keys and forgets their pepper, so that the next start goes by the one that it finds: for when the pepper
 * is lost, or every key may be known to others. Answers how many keys worked until now, as far as the table knows.
 */
export async function resetKeys(database: Database): Promise<number> {
  return database.kysely.transaction().execute(async (transaction) => {
    const revoking = transaction.updateTable('api_keys').set({ revoked_at: new Date() });
    const { numUpdatedRows } = await revoking.where('revoked_at', 'is', null).executeTakeFirst();
    await transaction.deleteFrom('api_key_pepper').execute();
    return Number(numUpdatedRows);
  });
}
