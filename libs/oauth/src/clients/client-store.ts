import { Injectable } from '@nestjs/common';
import type { Selectable } from 'kysely';
import type { Principal, Role } from '#call';
import { requireMaker } from '#identity';
import { Database, type Tables } from '#persistence';
import type { ClientMetadata, OAuthClient } from './oauth-client.ts';

/** Where one that registered itself has come from, and until when it is kept unless a person lets it in. */
export interface Registered {
  /** A keyed digest. */
  readonly network: string;
  readonly unusedUntil: Date;
}

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
      .where((eb) => eb.or([eb('unused_until', 'is', null), eb('unused_until', '>', new Date())]))
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

  /** One that was made by somebody (refused where that one is good no more, `requireMaker`), or registered itself. */
  async insert(client: OAuthClient, from: Principal | Registered): Promise<void> {
    const registered = 'network' in from ? from : undefined;
    const row = {
      id: client.id,
      name: client.name,
      role: client.role,
      secret_digest: client.secretDigest ?? null,
      metadata: JSON.stringify(client.metadata),
      registered: client.registered,
      created_at: client.createdAt,
      created_by: client.createdBy,
      used_at: client.createdAt,
      secret_by: null,
      secret_at: null,
      network: registered?.network ?? null,
      unused_until: registered?.unusedUntil ?? null,
    };
    await this.#db.transaction().execute(async (transaction) => {
      if (!('network' in from)) await requireMaker(from, transaction);
      await transaction.insertInto('oauth_clients').values(row).execute();
    });
  }

  async setSecret(id: string, digest: string, by: Principal): Promise<void> {
    const set = { secret_digest: digest, secret_by: by.id, secret_at: new Date() };
    await this.#db.transaction().execute(async (transaction) => {
      await requireMaker(by, transaction);
      await transaction.updateTable('oauth_clients').set(set).where('id', '=', id).execute();
    });
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
