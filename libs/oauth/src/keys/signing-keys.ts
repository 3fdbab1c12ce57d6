import { Injectable, Optional } from '@nestjs/common';
import type { Selectable } from 'kysely';
import { Envelope, KeyRotation, SealedColumn } from '#encryption';
import { GatehouseError } from '#errors';
import { Database, type Tables } from '#persistence';
import { lifetimes } from '../lifetimes.ts';
import { generateSigningKey, type SigningKey } from './signing-key.ts';

type Row = Selectable<Tables['oauth_signing_keys']>;

/** How long what was read counts. Much less than a new key is published before it signs. */
const FRESH_MS = 5_000;
/** A new key is published for that long before it signs, so that whoever caches the set has it by then. */
const PUBLISHED_AHEAD_MS = 300_000;
const LEEWAY_MS = 60_000;
/** Kept at a time: rotating on and on must not grow the set that everybody fetches. */
const MOST_KEYS = 8;

export interface RotateOptions {
  /** A key that was given away signs and verifies nothing from now on: all tokens of before are void. */
  readonly compromised?: boolean | undefined;
}

/** The keys of access tokens, which all replicas share: in the database, their private halves sealed. */
@Injectable()
export class SigningKeys {
  #known: { at: number; keys: readonly SigningKey[] } | undefined;
  #reading: Promise<readonly SigningKey[]> | undefined;

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    @Optional() rotation?: KeyRotation,
  ) {
    const halves = { table: 'oauth_signing_keys', column: 'private_jwk', row: 'kid' } as const;
    rotation?.register(new SealedColumn(database, envelope, halves));
  }

  /** Those that sign or verify, the newest first. The first start makes one. */
  async all(): Promise<readonly SigningKey[]> {
    if (this.#known && performance.now() - this.#known.at < FRESH_MS) return alive(this.#known.keys);
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return alive(await this.#reading);
  }

  /** A new key, which signs in a while; the ones before verify until the last token that they sign has expired. */
  async rotate({ compromised = false }: RotateOptions = {}): Promise<readonly SigningKey[]> {
    await this.database.withLock('oauth-signing-keys', async () => {
      const before = await this.#stored();
      if (!compromised && before.length >= MOST_KEYS) {
        throw new GatehouseError(
          'CONFLICT',
          `There are ${MOST_KEYS} keys already: wait until one has expired`,
        );
      }
      const signsFrom = new Date(Date.now() + (compromised ? 0 : PUBLISHED_AHEAD_MS));
      const expiresAt = new Date(
        compromised ? Date.now() : signsFrom.getTime() + lifetimes.accessToken * 1000 + LEEWAY_MS,
      );
      await this.database.kysely.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('oauth_signing_keys')
          .set({ expires_at: expiresAt })
          .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', expiresAt)]))
          .execute();
        await transaction
          .insertInto('oauth_signing_keys')
          .values(this.#sealed(generateSigningKey(signsFrom)))
          .execute();
        await transaction.deleteFrom('oauth_signing_keys').where('expires_at', '<=', new Date()).execute();
      });
    });
    this.#known = undefined;
    return this.all();
  }

  async #read(): Promise<readonly SigningKey[]> {
    const at = performance.now();
    let rows = await this.#stored();
    if (!rows.some(({ expires_at: end }) => end === null)) rows = await this.#first();
    const keys = rows.map((row) => this.#opened(row));
    this.#known = { at, keys };
    return keys;
  }

  /** Replicas start together: one makes it. */
  #first(): Promise<Row[]> {
    return this.database.withLock('oauth-signing-keys', async () => {
      const rows = await this.#stored();
      if (rows.some(({ expires_at: end }) => end === null)) return rows;
      const row = this.#sealed(generateSigningKey(new Date()));
      await this.database.kysely.insertInto('oauth_signing_keys').values(row).execute();
      return [row, ...rows];
    });
  }

  #stored(): Promise<Row[]> {
    return this.database.kysely
      .selectFrom('oauth_signing_keys')
      .selectAll()
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', new Date())]))
      .orderBy('signs_from', 'desc')
      .execute();
  }

  #sealed(key: SigningKey): Row {
    return {
      kid: key.kid,
      public_jwk: JSON.stringify(key.publicJwk),
      private_jwk: this.envelope.seal(JSON.stringify(key.privateJwk), placeOf(key.kid)),
      created_at: key.createdAt,
      signs_from: key.signsFrom,
      expires_at: key.expiresAt ?? null,
    };
  }

  #opened(row: Row): SigningKey {
    return {
      kid: row.kid,
      publicJwk: JSON.parse(row.public_jwk) as SigningKey['publicJwk'],
      privateJwk: JSON.parse(
        this.envelope.open(row.private_jwk, placeOf(row.kid)),
      ) as SigningKey['privateJwk'],
      createdAt: row.created_at,
      signsFrom: row.signs_from,
      expiresAt: row.expires_at ?? undefined,
    };
  }
}

function placeOf(row: string) {
  return { table: 'oauth_signing_keys', column: 'private_jwk', row };
}

function alive(keys: readonly SigningKey[]): readonly SigningKey[] {
  const now = Date.now();
  return keys.filter(({ expiresAt }) => expiresAt === undefined || expiresAt.getTime() > now);
}
