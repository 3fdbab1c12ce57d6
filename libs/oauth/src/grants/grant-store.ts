import { Injectable } from '@nestjs/common';
import type { Kysely, Transaction } from 'kysely';
import { Envelope } from '#encryption';
import { Database, type Tables } from '#persistence';
import { ArtifactStore, placeOf, type Payload } from '../server/artifact-store.ts';

const BATCH = 1_000;

/** What a person has allowed a client, until it expires or is revoked. */
export interface Grant {
  /** No secret: it stands in each token and, as `oauth:…`, in the audit trail. */
  readonly id: string;
  readonly clientId: string;
  /** Id of the person. */
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface GrantFilter {
  readonly clientId?: string | undefined;
  readonly subject?: string | undefined;
}

/** The grants among what the authorization server keeps, for those who review them. */
@Injectable()
export class GrantStore {
  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    private readonly artifacts: ArtifactStore,
  ) {}

  /** The youngest first. */
  async list(
    { clientId, subject }: GrantFilter,
    { skip, limit }: { skip: number; limit: number },
    at = new Date(),
  ): Promise<{ grants: Grant[]; total: number }> {
    await this.#nameAll();
    let matching = this.#grants.where('expires_at', '>', at);
    if (clientId !== undefined) matching = matching.where('client_id', '=', clientId);
    if (subject !== undefined) matching = matching.where('account_id', '=', subject);
    const rows = await matching
      .select(['id', 'payload'])
      .orderBy('expires_at', 'desc')
      .orderBy('id')
      .offset(skip)
      .limit(limit)
      .execute();
    const counting = matching.select((eb) => eb.fn.countAll<string>().as('total'));
    const { total } = await counting.executeTakeFirstOrThrow();
    return { grants: rows.map((row) => grantOf(this.#open(row))), total: Number(total) };
  }

  /** All that came of it goes with it. Answers what it was; undefined where there is no such grant. */
  async revoke(id: string): Promise<Grant | undefined> {
    const payload = await this.artifacts.find('Grant', id);
    if (!payload) return undefined;
    await this.artifacts.revokeFamily(id);
    return grantOf(payload);
  }

  /** All that is kept of a person, and all that came of what they have allowed. */
  async forget(subject: string, within: Transaction<Tables>): Promise<void> {
    await this.#nameAll(within);
    const own = within.selectFrom('oauth_artifacts').select('id').where('account_id', '=', subject);
    await within
      .deleteFrom('oauth_artifacts')
      .where((eb) => eb.or([eb('account_id', '=', subject), eb('grant_id', 'in', own)]))
      .execute();
  }

  /** Those from before it was kept beside the seal whose they are. */
  async #nameAll(db: Kysely<Tables> = this.#db): Promise<void> {
    for (;;) {
      const unnamed = db
        .selectFrom('oauth_artifacts')
        .select(['id', 'payload'])
        .where('model', '=', 'Grant')
        .where('account_id', 'is', null);
      const rows = await unnamed.limit(BATCH).execute();
      for (const row of rows) {
        const { accountId } = this.#open(row);
        const account_id = typeof accountId === 'string' ? accountId : '';
        const naming = db.updateTable('oauth_artifacts').set({ account_id });
        await naming.where('model', '=', 'Grant').where('id', '=', row.id).execute();
      }
      if (rows.length < BATCH) return;
    }
  }

  #open({ id, payload }: { id: string; payload: string }): Payload {
    return JSON.parse(this.envelope.open(payload, placeOf(id))) as Payload;
  }

  get #grants() {
    return this.#db.selectFrom('oauth_artifacts').where('model', '=', 'Grant');
  }

  get #db() {
    return this.database.kysely;
  }
}

function grantOf(payload: Payload): Grant {
  const { jti, clientId, accountId, resources = {}, iat, exp } = payload;
  const scopes = Object.values(resources as Record<string, string>).flatMap((scope) => scope.split(' '));
  return {
    id: String(jti),
    clientId: String(clientId),
    subject: String(accountId),
    scopes: [...new Set(scopes)].toSorted(),
    createdAt: new Date(Number(iat) * 1000),
    expiresAt: new Date(Number(exp) * 1000),
  };
}
