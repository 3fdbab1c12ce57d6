import { Injectable } from '@nestjs/common';
import type { Selectable } from 'kysely';
import type { Role } from '#call';
import { Database, type Tables } from '#persistence';
import type { ClientMetadata, OAuthClient } from './oauth-client.ts';

export interface Page {
  readonly skip: number;
  readonly limit: number;
}

const DAY_MS = 86_400_000;
/** Ids are made here; what looks otherwise is none of them, and PostgreSQL need not take it for a text. */
const ID = /^[\w-]{1,128}$/;

/** The clients that are known by name, in the database. */
@Injectable()
export class ClientStore {
  constructor(private readonly database: Database) {}

  async find(id: string): Promise<OAuthClient | undefined> {
    if (!ID.test(id)) return undefined;
    const row = await this.#db
      .selectFrom('oauth_clients')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row && Date.now() - row.used_at.getTime() > DAY_MS) await this.#noteUse(id);
    return row && clientOf(row);
  }

  async list({ skip, limit }: Page): Promise<{ clients: OAuthClient[]; total: number }> {
    const rows = await this.#db
      .selectFrom('oauth_clients')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(limit)
      .offset(skip)
      .execute();
    const { total } = await this.#db
      .selectFrom('oauth_clients')
      .select((eb) => eb.fn.countAll<string>().as('total'))
      .executeTakeFirstOrThrow();
    return { clients: rows.map(clientOf), total: Number(total) };
  }

  async insert(client: OAuthClient): Promise<void> {
    await this.#db
      .insertInto('oauth_clients')
      .values({
        id: client.id,
        name: client.name,
        role: client.role,
        secret_digest: client.secretDigest ?? null,
        metadata: JSON.stringify(client.metadata),
        registered: client.registered,
        created_at: client.createdAt,
        created_by: client.createdBy,
        used_at: client.createdAt,
      })
      .execute();
  }

  async setSecret(id: string, digest: string): Promise<void> {
    await this.#db.updateTable('oauth_clients').set({ secret_digest: digest }).where('id', '=', id).execute();
  }

  /** Of the same secret under another pepper. */
  async moveSecret(from: string, to: string): Promise<void> {
    const update = this.#db.updateTable('oauth_clients').set({ secret_digest: to });
    await update.where('secret_digest', '=', from).execute();
  }

  /** With all that it was given. Says whether it was there. */
  async delete(id: string): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('oauth_artifacts').where('client_id', '=', id).execute();
      const { numDeletedRows } = await transaction
        .deleteFrom('oauth_clients')
        .where('id', '=', id)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }

  /** How many have registered themselves, those that rested for too long left out: they are removed. */
  async countRegistered(restedDays: number): Promise<number> {
    await this.#db
      .deleteFrom('oauth_clients')
      .where('registered', '=', true)
      .where('used_at', '<', new Date(Date.now() - restedDays * DAY_MS))
      .execute();
    const { count } = await this.#db
      .selectFrom('oauth_clients')
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .where('registered', '=', true)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  get #db() {
    return this.database.kysely;
  }

  async #noteUse(id: string): Promise<void> {
    await this.#db.updateTable('oauth_clients').set({ used_at: new Date() }).where('id', '=', id).execute();
  }
}

function clientOf(row: Selectable<Tables['oauth_clients']>): OAuthClient {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    secretDigest: row.secret_digest ?? undefined,
    metadata: JSON.parse(row.metadata) as ClientMetadata,
    registered: row.registered,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}
