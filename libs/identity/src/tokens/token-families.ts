import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sql, type Selectable } from 'kysely';
import { networkOf } from '#call';
import { Database, type Tables } from '#persistence';
import { Pepper } from '../pepper.ts';
import type { User } from '../users/user.record.ts';

/** A log-in, and all tokens that come of it. */
export interface TokenFamily {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** When a second factor was shown last. */
  readonly otpAt: Date | undefined;
  readonly endedAt: Date | undefined;
}

export interface Begun {
  readonly family: TokenFamily;
  readonly refreshToken: string;
}

export type EndedBy = 'logout' | 'reuse' | 'user-changed' | 'password-changed' | 'second-factor-changed';

/** What became of a refresh token that was shown. */
export type Refreshed =
  | { readonly result: 'refreshed'; readonly family: TokenFamily; readonly refreshToken: string }
  | { readonly result: 'reused'; readonly family: TokenFamily }
  | { readonly result: 'unknown' | 'ended' | 'expired'; readonly family: TokenFamily | undefined };

/** Whoever did not get the answer may ask again for so long, from the same network. */
const RETRY_MS = 10_000;
const PREFIX = 'gr_';
/** 256 bits in Base64url. */
const SHAPE = /^gr_[\w-]{43}$/;

/**
 * Refresh tokens, of which only digests are kept. Each is used once and names the next, which is derived from it: so a
 * client that asks again at once, because the answer was lost or two of its tabs woke together, gets the same next one, and
 * no family ever has two living ends. A used token that comes later, from elsewhere, or when the next one has been used,
 * was stolen, or its heir was: the family ends (RFC 9700, section 4.14.2).
 */
@Injectable()
export class TokenFamilies {
  constructor(
    private readonly database: Database,
    private readonly pepper: Pepper,
  ) {}

  /** Undefined, and begins nothing, where the user has been changed since he proved who he is. */
  async begin(
    { id: userId, changedAt }: Pick<User, 'id' | 'changedAt'>,
    { lifeMs, otp, at = new Date() }: { lifeMs: number; otp: boolean; at?: Date },
  ): Promise<Begun | undefined> {
    const refreshToken = PREFIX + randomBytes(32).toString('base64url');
    const row = {
      id: randomUUID(),
      user_id: userId,
      created_at: at,
      expires_at: new Date(at.getTime() + lifeMs),
      otp_at: otp ? at : null,
      ended_at: null,
      ended_by: null,
    };
    return this.database.kysely.transaction().execute(async (transaction) => {
      // Locked, so that whoever changes the user and then ends all his sessions ends this one, too.
      const user = await transaction
        .selectFrom('users')
        .select('changed_at')
        .where('id', '=', userId)
        .forShare()
        .executeTakeFirst();
      if (user?.changed_at.getTime() !== changedAt.getTime()) return undefined;
      await transaction.insertInto('token_families').values(row).execute();
      await transaction.insertInto('refresh_tokens').values(this.#rowOf(refreshToken, row.id)).execute();
      return { family: familyOf(row), refreshToken };
    });
  }

  async refresh(
    token: string,
    { address, at = new Date() }: { address: string; at?: Date },
  ): Promise<Refreshed> {
    if (!SHAPE.test(token)) return { result: 'unknown', family: undefined };
    const digests = this.pepper.eitherOf(textOf(token));
    const networks = this.pepper.eitherOf(`network ${networkOf(address)}`);
    const heirs = this.#heirsOf(token);
    return this.database.kysely.transaction().execute(async (transaction) => {
      const named = await transaction
        .selectFrom('refresh_tokens')
        .select(['family_id', 'digest'])
        .where('digest', 'in', digests)
        .executeTakeFirst();
      if (!named) return { result: 'unknown', family: undefined };
      // Locks the family: of two who show the same token at once, one comes after the other.
      const row = await transaction
        .selectFrom('token_families')
        .selectAll()
        .where('id', '=', named.family_id)
        .forUpdate()
        .executeTakeFirst();
      if (!row) return { result: 'unknown', family: undefined };
      const family = familyOf(row);
      if (row.ended_at) return { result: 'ended', family };
      if (row.expires_at <= at) return { result: 'expired', family };

      const tokens = transaction.selectFrom('refresh_tokens').selectAll();
      const shown = await tokens.where('digest', '=', named.digest).executeTakeFirstOrThrow();
      if (!shown.used_at) {
        const [heir] = heirs;
        const using = transaction.updateTable('refresh_tokens').set({ used_at: at, used_from: networks[0]! });
        await using.where('digest', '=', named.digest).execute();
        await transaction.insertInto('refresh_tokens').values(this.#rowOf(heir.token, row.id)).execute();
        return { result: 'refreshed', family, refreshToken: heir.token };
      }
      const known = heirs.flatMap((heir) => heir.digests);
      const next = await tokens.where('digest', 'in', known).executeTakeFirst();
      const isRecent = at.getTime() - shown.used_at.getTime() < RETRY_MS;
      const isRetry = isRecent && networks.includes(shown.used_from ?? '');
      const heir = next && !next.used_at && heirs.find((one) => one.digests.includes(next.digest));
      if (isRetry && heir) return { result: 'refreshed', family, refreshToken: heir.token };
      const ending = transaction.updateTable('token_families').set({ ended_at: at, ended_by: 'reuse' });
      await ending.where('id', '=', row.id).execute();
      return { result: 'reused', family };
    });
  }

  async get(id: string): Promise<TokenFamily | undefined> {
    const { kysely } = this.database;
    const row = await kysely.selectFrom('token_families').selectAll().where('id', '=', id).executeTakeFirst();
    return row && familyOf(row);
  }

  /** Which of these have not ended, and are of users who are not disabled. */
  async goodAmong(ids: readonly string[], at = new Date()): Promise<ReadonlySet<string>> {
    const rows = await this.database.kysely
      .selectFrom('token_families')
      .innerJoin('users', 'users.id', 'token_families.user_id')
      .select('token_families.id')
      .where(sql<boolean>`token_families.id = any(${ids}::text[])`)
      .where('token_families.ended_at', 'is', null)
      .where('token_families.expires_at', '>', at)
      .where('users.disabled_at', 'is', null)
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  /** @returns undefined where it has ended meanwhile */
  async noteSecondFactor(id: string, at = new Date()): Promise<TokenFamily | undefined> {
    const row = await this.database.kysely
      .updateTable('token_families')
      .set({ otp_at: at })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return row && familyOf(row);
  }

  /** Says false where it had ended before. */
  async end(id: string, by: EndedBy, at = new Date()): Promise<boolean> {
    const { numUpdatedRows } = await this.database.kysely
      .updateTable('token_families')
      .set({ ended_at: at, ended_by: by })
      .where('id', '=', id)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** All that a user has but one, if that is named. Answers which. */
  async endAll(userId: string, by: EndedBy, but = '', at = new Date()): Promise<readonly string[]> {
    const rows = await this.database.kysely
      .updateTable('token_families')
      .set({ ended_at: at, ended_by: by })
      .where('user_id', '=', userId)
      .where('id', '!=', but)
      .where('ended_at', 'is', null)
      .returning('id')
      .execute();
    return rows.map(({ id }) => id);
  }

  /** With their tokens. Those that were ended are kept until then, so that what was stolen is known as ours. */
  async deleteExpired(at = new Date()): Promise<void> {
    await this.database.kysely.deleteFrom('token_families').where('expires_at', '<=', at).execute();
  }

  #rowOf(token: string, familyId: string) {
    return { digest: this.pepper.digest(textOf(token)), family_id: familyId, used_at: null, used_from: null };
  }

  /** The token after this one: as it is made now, and as it was before the pepper has changed. */
  #heirsOf(token: string): [Heir, ...Heir[]] {
    const heirs = this.pepper.keysFor('refresh tokens').map((key) => {
      const heir = PREFIX + createHmac('sha256', key).update(token).digest('base64url');
      return { token: heir, digests: this.pepper.eitherOf(textOf(heir)) };
    });
    return heirs as [Heir, ...Heir[]];
  }
}

interface Heir {
  readonly token: string;
  readonly digests: readonly string[];
}

function textOf(token: string): string {
  return `refresh token ${token}`;
}

function familyOf(row: Selectable<Tables['token_families']>): TokenFamily {
  return {
    id: row.id,
    userId: row.user_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    otpAt: row.otp_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
  };
}
