import { Injectable } from '@nestjs/common';
import { sql, type Selectable } from 'kysely';
import type { Principal, Role, Tier } from '#call';
import { Database, type Tables } from '#persistence';
import { requireMaker } from '../makers.ts';
import { requireAnotherAdmin } from './last-admin.ts';
import { foldName, type User, type UserSecrets } from './user.record.ts';

type Row = Selectable<Tables['users']>;

export interface UserPage {
  readonly users: readonly User[];
  /** How many there are in all. */
  readonly total: number;
}

/** What of a user may change; what is not named stays. Null takes a tier away, or lets a disabled user in again. */
export interface UserChange {
  readonly role?: Role | undefined;
  readonly tier?: Tier | null | undefined;
  readonly passwordHash?: string | undefined;
  readonly disabledAt?: Date | null | undefined;
}

/** The table `users`. */
@Injectable()
export class UserStore {
  constructor(private readonly database: Database) {}

  get #db() {
    return this.database.kysely;
  }

  async get(id: string): Promise<User | undefined> {
    const row = await this.#db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
    return row && userOf(row);
  }

  async findByName(name: string): Promise<(User & UserSecrets) | undefined> {
    // PostgreSQL takes no text with one, so nobody is called that.
    if (name.includes('\0')) return undefined;
    return withSecrets(await this.#where('folded_name', foldName(name)));
  }

  async getWithSecrets(id: string): Promise<(User & UserSecrets) | undefined> {
    return withSecrets(await this.#where('id', id));
  }

  /** The youngest first. */
  async list({ skip, limit }: { skip: number; limit: number }): Promise<UserPage> {
    const newest = this.#db.selectFrom('users').selectAll().orderBy('created_at', 'desc').orderBy('id');
    const rows = await newest.offset(skip).limit(limit).execute();
    const count = this.#db.selectFrom('users').select((eb) => eb.fn.countAll().as('total'));
    const { total } = await count.executeTakeFirstOrThrow();
    return { users: rows.map(userOf), total: Number(total) };
  }

  /**
   * Says false, and keeps nothing, when the name is in use.
   * @param by whoever makes it: refused where that one is good no more (`requireMaker`)
   */
  async insert(
    user: User,
    { passwordHash, enrolmentDigest }: { passwordHash: string; enrolmentDigest: string },
    by?: Principal,
  ): Promise<boolean> {
    const row = {
      id: user.id,
      name: user.name,
      folded_name: foldName(user.name),
      role: user.role,
      tier: user.tier ?? null,
      password_hash: passwordHash,
      totp_seed: null,
      totp_pending: null,
      totp_pending_session: null,
      totp_step: null,
      enrolment_digest: enrolmentDigest,
      enrolment_expires_at: user.enrolmentExpiresAt ?? null,
      created_at: user.createdAt,
      created_by: user.createdBy,
      changed_at: user.changedAt,
      last_login_at: null,
      disabled_at: null,
    };
    return this.#db.transaction().execute(async (transaction) => {
      if (by) await requireMaker(by, transaction);
      const inserting = transaction.insertInto('users').values(row);
      const { numInsertedOrUpdatedRows } = await inserting
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    });
  }

  /**
   * A second factor that was begun waits no longer, unless by the session that is named: whoever has begun it may be whom the
   * change shuts out, and must not end it before the sessions are ended.
   * @throws GatehouseError CONFLICT where no administrator could log in any more
   */
  async change(id: string, change: UserChange, at: Date, { but = '' } = {}): Promise<void> {
    const { role, tier, passwordHash, disabledAt } = change;
    const set = { role, tier, password_hash: passwordHash, disabled_at: disabledAt, changed_at: at };
    const given = Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
    const totp_pending = sql<string | null>`case when totp_pending_session = ${but} then totp_pending end`;
    await this.#db.transaction().execute(async (transaction) => {
      if (disabledAt || (role !== undefined && role !== 'admin')) await requireAnotherAdmin(id, transaction);
      const updating = transaction.updateTable('users').set({ ...given, totp_pending });
      await updating.where('id', '=', id).execute();
    });
  }

  /** Made anew with the parameters of today, while the password is at hand: unless it was changed meanwhile. */
  async rehash(id: string, { from, to }: { from: string; to: string }): Promise<void> {
    const updating = this.#db.updateTable('users').set({ password_hash: to });
    await updating.where('id', '=', id).where('password_hash', '=', from).execute();
  }

  async noteLogin(id: string, at: Date): Promise<void> {
    await this.#db.updateTable('users').set({ last_login_at: at }).where('id', '=', id).execute();
  }

  #where(column: 'id' | 'folded_name', value: string): Promise<Row | undefined> {
    return this.#db.selectFrom('users').selectAll().where(column, '=', value).executeTakeFirst();
  }
}

function withSecrets(row: Row | undefined): (User & UserSecrets) | undefined {
  return row && { ...userOf(row), passwordHash: row.password_hash, totpSeed: row.totp_seed ?? undefined };
}

function userOf(row: Row): User {
  return {
    id: row.id,
    name: row.name,
    // A role that this version does not know is granted nothing by libs/rbac.
    role: row.role as Role,
    tier: (row.tier ?? undefined) as Tier | undefined,
    hasSecondFactor: row.totp_seed !== null,
    enrolmentExpiresAt: row.enrolment_expires_at ?? undefined,
    createdAt: row.created_at,
    createdBy: row.created_by,
    changedAt: row.changed_at,
    lastLoginAt: row.last_login_at ?? undefined,
    disabledAt: row.disabled_at ?? undefined,
  };
}
