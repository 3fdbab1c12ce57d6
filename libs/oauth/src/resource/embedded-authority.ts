import { Inject, Injectable } from '@nestjs/common';
import { decodeProtectedHeader } from 'jose';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import { Authority, type CredentialForm, type Verdict } from '#identity';
import { oauthConfig } from '../oauth.config.ts';
import { Resources } from '../resources.ts';
import { OwnTokens, type OwnClaims } from '../server/own-tokens.ts';
import { OAUTH_KEY, TokenStanding } from '../server/token-standing.ts';
import { formOfToken } from './token-form.ts';
import { provenBy, refusedFor } from './token-verdict.ts';

/** Access tokens of the embedded authorization server. They stand and fall with what they were issued for. */
@Injectable()
export class EmbeddedAuthority extends Authority {
  override readonly credential = 'token';

  constructor(
    private readonly tokens: OwnTokens,
    private readonly standing: TokenStanding,
    private readonly resources: Resources,
    @Inject(oauthConfig.KEY) private readonly config: ConfigOf<typeof oauthConfig>,
  ) {
    super();
  }

  override formOf(token: string): CredentialForm {
    return formOfToken(token, ['at+jwt']);
  }

  override async judge(token: string, askedAt: number): Promise<Verdict> {
    const { kid } = decodeProtectedHeader(token);
    const { claims, fault = 'unknown', passing } = await this.tokens.verify(token, kid, this.#audiences());
    // Also of one whose time is over: its bearer is told so, and guesses nothing.
    if (claims) return this.#verdict(claims, askedAt);
    return { ...refusedFor(fault, askedAt), ...(passing && { passing }) };
  }

  override vouchesFor({ keyId }: Principal): boolean {
    return keyId.startsWith(OAUTH_KEY);
  }

  override async renew(principal: Principal, askedAt: number): Promise<Verdict> {
    const now = await this.standing.again(principal);
    // What its token had left is over by itself: what was begun in its time may end while its grant stands.
    return typeof now === 'string' ? refusedFor(now, askedAt) : provenBy(now, askedAt, Infinity);
  }

  async #verdict(claims: OwnClaims, askedAt: number): Promise<Verdict> {
    const now = await this.standing.of(claims);
    return typeof now === 'string' ? refusedFor(now, askedAt) : provenBy(now, askedAt, claims.exp * 1000);
  }

  #audiences(): readonly string[] {
    const { audiences } = this.config;
    return audiences.length > 0 ? audiences : [this.resources.api, this.resources.mcp];
  }
}
