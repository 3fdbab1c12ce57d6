import { Injectable, Optional } from '@nestjs/common';
import { sql } from 'kysely';
import { Envelope, KeyRotation, SealedColumn } from '#encryption';
import { Pepper } from '#identity';
import { Database } from '#persistence';

/** What the authorization server keeps of one thing that it has under way or has given out. */
export type Payload = Record<string, unknown>;

/** Rows of what strangers may begin at most: each of them needs a client that is known, and is gone in minutes. */
const MOST_BEGUN = 20_000;
const BEGUN = new Set(['Interaction', 'Session']);
const TIDIED_EVERY_MS = 60_000;
const BATCH = 1_000;

/**
 * Codes, refresh tokens, grants and the like, by the digests of what their bearers show: who reads the database can't
 * use any of it. What they hold is sealed. All replicas share them; what has expired is removed on the way.
 */
@Injectable()
export class ArtifactStore {
  #tidiedAt = -Infinity;
  #full = false;

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    private readonly pepper: Pepper,
    @Optional() rotation?: KeyRotation,
  ) {
    const payloads = { table: 'oauth_artifacts', column: 'payload', row: 'id' } as const;
    rotation?.register(new SealedColumn(database, envelope, payloads));
  }

  /** Whether no more can be begun at the moment. */
  isFull(model: string): boolean {
    return this.#full && BEGUN.has(model);
  }

  async put(model: string, shown: string, payload: Payload, expiresAt: Date): Promise<void> {
    await this.#tidy();
    const id = await this.#idOf(model, shown);
    const { consumed: _, ...kept } = payload;
    const row = {
      payload: this.envelope.seal(JSON.stringify(kept), placeOf(id)),
      grant_id: this.#named('Grant', payload['grantId']),
      uid: this.#named('uid', payload['uid']),
      client_id: typeof payload['clientId'] === 'string' ? payload['clientId'] : null,
      expires_at: expiresAt,
    };
    await this.#db
      .insertInto('oauth_artifacts')
      .values({ model, id, ...row })
      .onConflict((conflict) => conflict.columns(['model', 'id']).doUpdateSet(row))
      .execute();
  }

  async find(model: string, shown: string): Promise<Payload | undefined> {
    return this.#read(model, 'id', this.#digests(model, shown));
  }

  async findByUid(model: string, uid: string): Promise<Payload | undefined> {
    return this.#read(model, 'uid', this.#digests('uid', uid));
  }

  /** Says whether this is the first use: of two at the same time, one is. */
  async consume(model: string, shown: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('oauth_artifacts')
      .set({ consumed_at: new Date() })
      .where('model', '=', model)
      .where('id', 'in', this.#digests(model, shown))
      .where('consumed_at', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  async destroy(model: string, shown: string): Promise<void> {
    await this.#db
      .deleteFrom('oauth_artifacts')
      .where('model', '=', model)
      .where('id', 'in', this.#digests(model, shown))
      .execute();
  }

  /** All that came from one grant, and the grant itself. */
  async revokeFamily(grantId: string): Promise<void> {
    const ids = this.#digests('Grant', grantId);
    await this.#db
      .deleteFrom('oauth_artifacts')
      .where((eb) =>
        eb.or([eb('grant_id', 'in', ids), eb.and([eb('model', '=', 'Grant'), eb('id', 'in', ids)])]),
      )
      .execute();
  }

  async #read(model: string, column: 'id' | 'uid', digests: readonly string[]): Promise<Payload | undefined> {
    const row = await this.#db
      .selectFrom('oauth_artifacts')
      .select(['id', 'payload', 'consumed_at'])
      .where('model', '=', model)
      .where(column, 'in', digests)
      .where('expires_at', '>', new Date())
      .executeTakeFirst();
    if (!row) return undefined;
    const payload = JSON.parse(this.envelope.open(row.payload, placeOf(row.id))) as Payload;
    return row.consumed_at ? { ...payload, consumed: Math.floor(row.consumed_at.getTime() / 1000) } : payload;
  }

  /** Once a minute, on the way of whoever comes. */
  async #tidy(): Promise<void> {
    if (performance.now() - this.#tidiedAt < TIDIED_EVERY_MS) return;
    this.#tidiedAt = performance.now();
    await sql`
      delete from oauth_artifacts where (model, id) in (
        select model, id from oauth_artifacts where expires_at <= ${new Date()} limit ${BATCH}
      )`.execute(this.#db);
    const { begun } = await this.#db
      .selectFrom('oauth_artifacts')
      .select((eb) => eb.fn.countAll<string>().as('begun'))
      .where('model', 'in', [...BEGUN])
      .executeTakeFirstOrThrow();
    this.#full = Number(begun) >= MOST_BEGUN;
  }

  get #db() {
    return this.database.kysely;
  }

  /** What is there already keeps the digest under which it was begun, also where the pepper has changed since. */
  async #idOf(model: string, shown: string): Promise<string> {
    const [current = '', former] = this.#digests(model, shown);
    if (former === undefined) return current;
    const row = await this.#db
      .selectFrom('oauth_artifacts')
      .select('id')
      .where('model', '=', model)
      .where('id', '=', former)
      .executeTakeFirst();
    return row?.id ?? current;
  }

  #digests(model: string, shown: string): readonly string[] {
    return this.pepper.eitherOf(`oauth ${model} ${shown}`);
  }

  #named(model: string, shown: unknown): string | null {
    return typeof shown === 'string' ? this.#digests(model, shown)[0]! : null;
  }
}

function placeOf(row: string) {
  return { table: 'oauth_artifacts', column: 'payload', row };
}
