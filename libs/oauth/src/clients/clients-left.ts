import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sql, type Transaction } from 'kysely';
import type { Inheritance, Maker } from '#identity';
import type { Tables } from '#persistence';
import type { ClientMetadata } from './oauth-client.ts';

interface Row {
  readonly id: string;
  readonly metadata: string;
  readonly since: Date;
}

/**
 * Clients whose secret somebody knows who leaves. One that acts for itself goes, with its tokens: its secret is all that it
 * takes to come in. One that acts for persons stays, with what they have allowed it, and gets a secret that nobody knows until
 * an administrator rotates it. One without a secret stays as it is.
 */
@Injectable()
export class ClientsLeft {
  async disinherit(makers: readonly Maker[], within: Transaction<Tables>): Promise<Inheritance> {
    const rows = await secretsShownTo(makers, within);
    const own = rows.filter(actsForItself);
    const others = rows.filter((row) => !actsForItself(row));
    for (const { id } of own) {
      await within.deleteFrom('oauth_artifacts').where('client_id', '=', id).execute();
      await within.deleteFrom('oauth_clients').where('id', '=', id).execute();
    }
    for (const { id } of others) {
      const secret_digest = randomBytes(32).toString('base64url');
      const locking = within.updateTable('oauth_clients').set({ secret_digest });
      await locking.where('id', '=', id).execute();
    }
    return {
      deleted: own.map(({ id }) => id),
      locked: others.map(({ id }) => id),
      makers: own.map(({ id, since }) => ({ principalId: `client:${id}`, since })),
    };
  }
}

async function secretsShownTo(makers: readonly Maker[], within: Transaction<Tables>): Promise<Row[]> {
  const ids = makers.map(({ principalId }) => principalId);
  const times = makers.map(({ since }) => since.toISOString());
  const { rows } = await sql<Row>`
    select id, metadata, coalesce(secret_at, created_at) as since from oauth_clients
    where secret_digest is not null and not registered and exists (
      select from unnest(${ids}::text[], ${times}::timestamptz[]) as maker (id, since)
      where maker.id = coalesce(secret_by, created_by) and maker.since <= coalesce(secret_at, created_at)
    )
    order by id
    for update`.execute(within);
  return rows;
}

function actsForItself({ metadata }: Row): boolean {
  return (JSON.parse(metadata) as ClientMetadata).grant_types.includes('client_credentials');
}
