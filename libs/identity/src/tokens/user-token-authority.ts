import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import { Authority, type CredentialForm } from '../authority.ts';
import { UserStore } from '../users/user-store.ts';
import type { User } from '../users/user.record.ts';
import type { Verdict } from '../verdict.ts';
import { AccessTokens } from './access-tokens.ts';
import { keyIdOf, sessionIdOf } from './session-key-id.ts';
import { TokenFamilies, type TokenFamily } from './token-families.ts';
import { tokensConfig } from './tokens.config.ts';

/** Tokens that people got when they logged in. They stand and fall with their family, and with the user as he is now. */
@Injectable()
export class UserTokenAuthority extends Authority {
  override readonly credential = 'token';

  constructor(
    private readonly tokens: AccessTokens,
    private readonly families: TokenFamilies,
    private readonly users: UserStore,
    @Inject(tokensConfig.KEY) private readonly config: ConfigOf<typeof tokensConfig>,
  ) {
    super();
  }

  override formOf(token: string): CredentialForm {
    return this.tokens.formOf(token);
  }

  override async judge(token: string, askedAt: number): Promise<Verdict> {
    const judged = await this.tokens.verify(token);
    if ('fault' in judged) {
      const { fault: reason, passing } = judged;
      return refused(reason, askedAt, undefined, passing);
    }
    const { sub, sid, exp, otpAt } = judged.claims;
    const found = await this.#find(sid, sub);
    if (typeof found === 'string') return refused(found, askedAt, sid);
    // Another token of the family may have shown a second factor: this one has not.
    const shownAt = otpAt === undefined ? undefined : otpAt * 1000;
    return this.#proven(found, { askedAt, shownAt, expiresAt: exp * 1000 });
  }

  override vouchesFor({ keyId }: Principal): boolean {
    return sessionIdOf(keyId) !== undefined;
  }

  /** As it would be if the token were shown again: what has ended since, or who is disabled, goes no further. */
  override async renew({ id, keyId, secondFactor }: Principal, askedAt: number): Promise<Verdict> {
    const sid = sessionIdOf(keyId)!;
    const found = await this.#find(sid, id);
    if (typeof found === 'string') return refused(found, askedAt, sid);
    const { otpAt, expiresAt } = found.family;
    const shownAt = secondFactor ? otpAt?.getTime() : undefined;
    return this.#proven(found, { askedAt, shownAt, expiresAt: expiresAt.getTime() });
  }

  override async doubtful(keyIds: readonly string[]): Promise<readonly string[]> {
    const good = await this.families.goodAmong(keyIds.map((keyId) => sessionIdOf(keyId)!));
    return keyIds.filter((keyId) => !good.has(sessionIdOf(keyId)!));
  }

  async #find(sid: string, userId: string): Promise<{ user: User; family: TokenFamily } | string> {
    const [family, user] = await Promise.all([this.families.get(sid), this.users.get(userId)]);
    if (!family || !user || family.userId !== user.id) return 'unknown';
    if (family.endedAt) return 'revoked';
    return user.disabledAt ? 'disabled' : { user, family };
  }

  #proven(
    { user, family }: { user: User; family: TokenFamily },
    { askedAt, shownAt, expiresAt }: { askedAt: number; shownAt: number | undefined; expiresAt: number },
  ): Verdict {
    const { id, name, role, tier } = user;
    const factorUntil = (shownAt ?? -Infinity) + this.config.secondFactorMinutes * 60_000;
    const secondFactor = Date.now() < factorUntil;
    return {
      proven: true,
      credential: 'token',
      principal: Object.freeze({ id, name, role, tier, keyId: keyIdOf(family.id), secondFactor }),
      expiresAt: Math.min(expiresAt, family.expiresAt.getTime()),
      askedAt,
      usedAt: Infinity,
    };
  }
}

function refused(reason: string, askedAt: number, sid?: string, passing?: true): Verdict {
  const keyId = sid && keyIdOf(sid);
  return { proven: false, credential: 'token', reason, keyId, askedAt, ...(passing && { passing }) };
}
