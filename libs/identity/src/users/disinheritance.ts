import { sql, type Transaction } from 'kysely';
import type { Tables } from '#persistence';
import type { Departures, Maker } from './departures.ts';

/** What of programs' goes with a person, and what stays all the same. */
export interface Keeping {
  readonly keys: boolean;
  readonly clients: boolean;
}

export interface Disinherited {
  /** Ids of the keys that were revoked. */
  readonly keys: readonly string[];
  /** Ids of the OAuth clients that are gone, and of those that lost their secret. */
  readonly clients: readonly string[];
  readonly lockedClients: readonly string[];
}

/** How many hands a secret may have come through. */
const MOST_STEPS = 100;

/**
 * Voids the secrets of programs that a person was shown, and those that were made with them since: whoever has a key can
 * have made another one with it.
 */
export async function disinherit(
  userId: string,
  { keeping, departures, at }: { keeping: Keeping; departures: Departures; at: Date },
  within: Transaction<Tables>,
): Promise<Disinherited> {
  const [keys, clients, locked] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const seen = new Set<string>();
  let makers: readonly Maker[] = [{ principalId: userId, since: new Date(0) }];
  for (let step = 0; makers.length > 0 && step < MOST_STEPS; step++) {
    const next: Maker[] = [];
    if (!keeping.keys) {
      for (const { id, wasGood, ...maker } of await revokeKeys(makers, at, within)) {
        if (wasGood) keys.add(id);
        next.push(maker);
      }
    }
    for (const gone of keeping.clients ? [] : await departures.disinherit(makers, within)) {
      for (const id of gone.deleted) clients.add(id);
      for (const id of gone.locked) locked.add(id);
      next.push(...gone.makers);
    }
    makers = next.filter(({ principalId, since }) => {
      const name = `${principalId} ${since.getTime()}`;
      return !seen.has(name) && seen.add(name);
    });
  }
  return { keys: [...keys], clients: [...clients], lockedClients: [...locked] };
}

/** All that they have made, those that are revoked already, too: what those have made may live. */
async function revokeKeys(makers: readonly Maker[], at: Date, within: Transaction<Tables>) {
  const ids = makers.map(({ principalId }) => principalId);
  const times = makers.map(({ since }) => since.toISOString());
  const { rows } = await sql<{ id: string; principal_id: string; created_at: Date; revoked_at: Date | null }>`
    select id, principal_id, created_at, revoked_at from api_keys
    where exists (
      select from unnest(${ids}::text[], ${times}::timestamptz[]) as maker (id, since)
      where maker.id = created_by and maker.since <= created_at
    )
    order by id
    for update`.execute(within);
  const good = rows.filter((row) => row.revoked_at === null).map(({ id }) => id);
  if (good.length > 0)
    await within.updateTable('api_keys').set({ revoked_at: at }).where('id', 'in', good).execute();
  return rows.map((row) => ({
    id: row.id,
    wasGood: row.revoked_at === null,
    principalId: row.principal_id,
    since: row.created_at,
  }));
}
