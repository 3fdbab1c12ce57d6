import { Inject, Injectable } from '@nestjs/common';
import type { Permission, Principal } from '#call';
import type { ConfigOf } from '#config';
import { tokensConfig } from '#identity';
import { Accounts, type Account } from '../accounts.ts';
import { ClientStore } from '../clients/client-store.ts';
import { permissionsIn } from '../clients/oauth-client.ts';
import { ArtifactStore } from './artifact-store.ts';
import type { OwnClaims } from './own-tokens.ts';
import { REVOKED } from './structured-tokens.ts';

/** Ids of clients among principals: no person's id looks like one. */
const CLIENT = 'client:';
export const OAUTH_KEY = 'oauth:';

/** Who a token of ours stands for, as things are now; or a word for the audit trail. */
export type Standing = Principal | string;

/** Whether what a token was issued for is still there: its client, its grant, its person. */
@Injectable()
export class TokenStanding {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly clients: ClientStore,
    private readonly accounts: Accounts,
    @Inject(tokensConfig.KEY) private readonly config: ConfigOf<typeof tokensConfig>,
  ) {}

  async of(claims: OwnClaims): Promise<Standing> {
    if (await this.artifacts.find(REVOKED, claims.jti)) return 'revoked';
    const scopes = new Set(permissionsIn(claims.scope ?? ''));
    return claims.grant_id === undefined
      ? this.#ofClient(claims.client_id, claims.jti, scopes)
      : this.#ofPerson({
          id: claims.sub,
          grant: claims.grant_id,
          client: claims.client_id,
          scopes,
          secondFactor: this.#isFresh(claims.otp_at),
        });
  }

  /** The same of one that was let in before, by what is kept of it. A second factor that was shown then is not shown now. */
  async again({ id, keyId, scopes = new Set() }: Principal): Promise<Standing> {
    const credential = keyId.slice(OAUTH_KEY.length);
    if (!id.startsWith(CLIENT))
      return this.#ofPerson({ id, grant: credential, client: undefined, scopes, secondFactor: false });
    if (await this.artifacts.find(REVOKED, credential)) return 'revoked';
    return this.#ofClient(id.slice(CLIENT.length), credential, scopes);
  }

  /** A one-time code counts for minutes; the tokens that came of it live longer. */
  #isFresh(shownAt: number | undefined): boolean {
    return shownAt !== undefined && Date.now() / 1000 < shownAt + this.config.secondFactorMinutes * 60;
  }

  async #ofClient(id: string, jti: string, scopes: ReadonlySet<Permission>): Promise<Standing> {
    const client = await this.clients.find(id);
    if (!client || client.registered || !client.metadata.grant_types.includes('client_credentials'))
      return 'client-gone';
    const { name, role } = client;
    return Object.freeze({
      id: `${CLIENT}${id}`,
      name,
      role,
      tier: undefined,
      keyId: `${OAUTH_KEY}${jti}`,
      scopes,
    });
  }

  async #ofPerson(one: PersonsToken): Promise<Standing> {
    const grant = await this.artifacts.find('Grant', one.grant);
    if (!grant || grant['accountId'] !== one.id) return 'revoked';
    if (one.client !== undefined && grant['clientId'] !== one.client) return 'wrong-client';
    const account = await this.accounts.find(one.id);
    if (!account) return 'account-gone';
    if (isOutdated(account, Number(grant['iat']))) return 'account-changed';
    const { id, name, role, tier } = account;
    const { scopes, secondFactor } = one;
    return Object.freeze({ id, name, role, tier, keyId: `${OAUTH_KEY}${one.grant}`, scopes, secondFactor });
  }
}

/** A new password, say after the old one was guessed, ends what was allowed with the old one. */
export function isOutdated({ changedAt }: Account, grantedAtSeconds: number): boolean {
  return Math.floor(changedAt.getTime() / 1000) >= grantedAtSeconds;
}

interface PersonsToken {
  readonly id: string;
  readonly grant: string;
  readonly client: string | undefined;
  readonly scopes: ReadonlySet<Permission>;
  readonly secondFactor: boolean;
}
