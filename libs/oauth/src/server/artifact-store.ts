import { Injectable, Optional } from '@nestjs/common';
import { sql } from 'kysely';
import { networkOf } from '#call';
import { Envelope, KeyRotation, SealedColumn } from '#encryption';
import { Pepper } from '#identity';
import { Database } from '#persistence';
import { FairShare } from './fair-share.ts';

/** What the authorization server keeps of one thing that it has under way or has given out. */
export type Payload = Record<string, unknown>;

export interface Kept {
  readonly model: string;
  /** What its bearer shows. */
  readonly shown: string;
  readonly payload: Payload;
  readonly expiresAt: Date;
}

/** What strangers may begin: each needs a client that is known, and is gone in minutes. */
const BEGUN = new Set(['Interaction', 'Session']);
/** Of each kind. Of one network as many as may log in from there (30 a minute) until the first of them is over. */
const SHARE = { each: 300, all: 20_000 };
const TIDIED_EVERY_MS = 60_000;
const BATCH = 1_000;

/**
 * Codes, refresh tokens, grants and the like, by the digests of what their bearers show: who reads the database can't
 * use any of it. What they hold is sealed. All replicas share them; what has expired is removed on the way.
 */
@Injectable()
export class ArtifactStore {
  readonly #share: FairShare;
  #tidiedAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    private readonly pepper: Pepper,
    @Optional() rotation?: KeyRotation,
  ) {
    const payloads = { table: 'oauth_artifacts', column: 'payload', row: 'id' } as const;
    rotation?.register(new SealedColumn(database, envelope, payloads));
    this.#share = new FairShare(database, { table: 'oauth_artifacts', until: 'expires_at' }, SHARE);
  }

  /**
   * Keeps what somebody at this address has begun, or goes on with. Says false, and keeps nothing, where too much that
   * was begun there is under way.
   */
  async begin(kept: Kept, address: string): Promise<boolean> {
    if (!BEGUN.has(kept.model) || isSomebodys(kept.payload)) return this.put(kept).then(() => true);
    const network = this.pepper.eitherOf(`oauth network ${networkOf(address)}`);
    const isNew = !(await this.find(kept.model, kept.shown));
    if (isNew && !(await this.#share.admits(network, { model: kept.model }))) return false;
    await this.put(kept, network[0]);
    return true;
  }

  async put({ model, shown, payload, expiresAt }: Kept, network?: string): Promise<void> {
    await this.#tidy();
    const id = await this.#idOf(model, shown);
    const { consumed: _, ...kept } = payload;
    const row = {
      payload: this.envelope.seal(JSON.stringify(kept), placeOf(id)),
      grant_id: this.#named('Grant', payload['grantId']),
      uid: this.#named('uid', payload['uid']),
      client_id: textOrNull(payload['clientId']),
      account_id: textOrNull(payload['accountId']),
      expires_at: expiresAt,
    };
    await this.#db
      .insertInto('oauth_artifacts')
      .values({ model, id, ...row, network: network ?? null })
      // Who has begun it stays who has begun it, until they have logged in.
      .onConflict((conflict) =>
        conflict
          .columns(['model', 'id'])
          .doUpdateSet({ ...row, ...(network === undefined && { network: null }) }),
      )
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
    const { numAffectedRows = 0n } = await sql`
      delete from oauth_artifacts where (model, id) in (
        select model, id from oauth_artifacts where expires_at <= ${new Date()} limit ${BATCH}
      )`.execute(this.#db);
    // There may be more: whoever comes next goes on.
    if (numAffectedRows >= BATCH) this.#tidiedAt = -Infinity;
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

/** Whoever has logged in is no stranger: nothing of theirs makes room for another. */
function isSomebodys({ accountId, result }: Payload): boolean {
  const login = (result as { login?: unknown } | undefined)?.login;
  return accountId !== undefined || login !== undefined;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function placeOf(row: string) {
  return { table: 'oauth_artifacts', column: 'payload', row };
}
