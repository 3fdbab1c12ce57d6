import { Injectable } from '@nestjs/common';
import { sql, type Selectable } from 'kysely';
import type { Principal, Role, Tier } from '#call';
import { Database, type Tables } from '#persistence';
import type { ApiKey } from './api-key.record.ts';
import { KeyStore, type KeyPage } from './key-store.ts';
import { requireMaker, requireRotator } from './makers.ts';

type Row = Selectable<Tables['api_keys']>;

/** The table `api_keys`, on either database. */
@Injectable()
export class DatabaseKeyStore extends KeyStore {
  constructor(private readonly database: Database) {
    super();
  }

  get #db() {
    return this.database.kysely;
  }

  async find(digests: readonly string[]): Promise<ApiKey | undefined> {
    const row = await this.#db
      .selectFrom('api_keys')
      .selectAll()
      .where('digest', 'in', digests)
      .executeTakeFirst();
    return row && keyOf(row);
  }

  async moveDigest(from: string, to: string): Promise<void> {
    await this.#db.updateTable('api_keys').set({ digest: to }).where('digest', '=', from).execute();
  }

  async get(id: string): Promise<ApiKey | undefined> {
    const row = await this.#db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst();
    return row && keyOf(row);
  }

  async successorOf(id: string): Promise<ApiKey | undefined> {
    const row = await this.#db
      .selectFrom('api_keys')
      .selectAll()
      .where('rotated_from', '=', id)
      .executeTakeFirst();
    return row && keyOf(row);
  }

  async list({ skip, limit }: { skip: number; limit: number }): Promise<KeyPage> {
    const newest = this.#db.selectFrom('api_keys').selectAll().orderBy('created_at', 'desc').orderBy('id');
    const rows = await newest.offset(skip).limit(limit).execute();
    const count = this.#db.selectFrom('api_keys').select((eb) => eb.fn.countAll().as('total'));
    const { total } = await count.executeTakeFirstOrThrow();
    return { keys: rows.map(keyOf), total: Number(total) };
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#db.selectFrom('api_keys').select('id').limit(1).executeTakeFirst()) === undefined;
  }

  async insert(key: ApiKey, digest: string, by?: Principal): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      if (by) await requireMaker(by, transaction);
      const inserted = await transaction
        .insertInto('api_keys')
        .values(rowOf(key, digest))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return inserted.numInsertedOrUpdatedRows === 1n;
    });
  }

  async supersede(next: ApiKey, digest: string, endsAt: Date, by?: Principal): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      if (by) await requireRotator(by, next.rotatedFrom!, transaction);
      const superseded = await transaction
        .updateTable('api_keys')
        .set({
          superseded_at: next.createdAt,
          expires_at: sql<Date>`least(expires_at, ${endsAt}::timestamptz)`,
        })
        .where('id', '=', next.rotatedFrom!)
        .where('revoked_at', 'is', null)
        .where('superseded_at', 'is', null)
        .executeTakeFirst();
      if (superseded.numUpdatedRows === 0n) return false;
      await transaction.insertInto('api_keys').values(rowOf(next, digest)).execute();
      return true;
    });
  }

  async revoke(id: string, at: Date, sparing: 'last-admin' | 'none'): Promise<boolean> {
    return this.#db.transaction().execute(async (transaction) => {
      if (sparing === 'last-admin') {
        // In one order, as in rotations, so that two admins who revoke each other at once come one after the other.
        await transaction
          .selectFrom('api_keys')
          .select('id')
          .where((key) => key.or([key('id', '=', id), key('role', '=', 'admin')]))
          .orderBy('id')
          .forUpdate()
          .execute();
        const admins = await transaction
          .selectFrom('api_keys')
          .select('id')
          .where('role', '=', 'admin')
          .where('revoked_at', 'is', null)
          .where('expires_at', '>', at)
          .execute();
        if (admins.length === 1 && admins[0]?.id === id) return false;
      }
      const revoking = transaction.updateTable('api_keys').set({ revoked_at: at });
      await revoking.where('id', '=', id).where('revoked_at', 'is', null).execute();
      return true;
    });
  }

  async goodAmong(ids: readonly string[], at: Date): Promise<ReadonlySet<string>> {
    const rows = await this.#db
      .selectFrom('api_keys')
      .select('id')
      // One text, however many there are: its plan is kept.
      .where(sql<boolean>`id = any(${ids}::text[])`)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', at)
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  async touch(uses: ReadonlyMap<string, Date>): Promise<void> {
    const ids = [...uses.keys()];
    const times = [...uses.values()].map((at) => at.toISOString());
    // Another replica may have seen the key later.
    await sql`
      update api_keys set last_used_at = greatest(api_keys.last_used_at, used.at)
      from unnest(${ids}::text[], ${times}::timestamptz[]) as used (id, at)
      where api_keys.id = used.id`.execute(this.#db);
  }
}

function keyOf(row: Row): ApiKey {
  return {
    id: row.id,
    principalId: row.principal_id,
    name: row.name,
    // A role that this version does not know is granted nothing by libs/rbac.
    role: row.role as Role,
    tier: (row.tier ?? undefined) as Tier | undefined,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at ?? undefined,
    supersededAt: row.superseded_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    rotatedFrom: row.rotated_from ?? undefined,
  };
}

function rowOf(key: ApiKey, digest: string): Row {
  return {
    id: key.id,
    principal_id: key.principalId,
    name: key.name,
    role: key.role,
    tier: key.tier ?? null,
    digest,
    created_at: key.createdAt,
    created_by: key.createdBy,
    expires_at: key.expiresAt,
    last_used_at: key.lastUsedAt ?? null,
    superseded_at: key.supersededAt ?? null,
    revoked_at: key.revokedAt ?? null,
    rotated_from: key.rotatedFrom ?? null,
  };
}
