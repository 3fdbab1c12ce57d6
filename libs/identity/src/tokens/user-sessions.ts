import { Inject, Injectable } from '@nestjs/common';
import type { Call } from '#call';
import type { ConfigOf } from '#config';
import { CredentialInvalid, GatehouseError, InvalidLogin } from '#errors';
import type { LoggedIn } from '../login/user-login.ts';
import { UserStore } from '../users/user-store.ts';
import type { User } from '../users/user.record.ts';
import { Verdicts } from '../verdicts.ts';
import { AccessTokens, type AccessToken } from './access-tokens.ts';
import { keyIdOf } from './session-key-id.ts';
import { TokenFamilies, type EndedBy, type TokenFamily } from './token-families.ts';
import { tokensConfig } from './tokens.config.ts';

const DAY_MS = 86_400_000;

/** What a person goes on with: the only moment when anyone sees it. */
export interface IssuedTokens {
  readonly user: User;
  readonly family: TokenFamily;
  readonly access: AccessToken;
  readonly refreshToken: string;
}

/** The life of a log-in: begun, refreshed, stepped up, ended. What ends counts within a second on every replica. */
@Injectable()
export class UserSessions {
  constructor(
    private readonly families: TokenFamilies,
    private readonly tokens: AccessTokens,
    private readonly users: UserStore,
    private readonly verdicts: Verdicts,
    @Inject(tokensConfig.KEY) private readonly config: ConfigOf<typeof tokensConfig>,
  ) {}

  /** @throws InvalidLogin where the password, the role or the second factor was changed meanwhile */
  async begin({ user, amr }: LoggedIn): Promise<IssuedTokens> {
    const lifeMs = this.config.refreshDays * DAY_MS;
    const begun = await this.families.begin(user, { lifeMs, otp: amr.length > 1 });
    if (!begun) throw new InvalidLogin();
    const { family, refreshToken } = begun;
    return { user, family, refreshToken, access: await this.tokens.sign(user, family) };
  }

  /** @throws CredentialInvalid; GatehouseError REFRESH_TOKEN_REUSED */
  async refresh(token: string, call: Call): Promise<IssuedTokens> {
    const refreshed = await this.families.refresh(token, { address: call.address });
    const { family } = refreshed;
    const user = family && (await this.users.get(family.userId));
    if (family) call.note('session', keyIdOf(family.id));
    if (user) call.note('subject_user', user.id);
    if (refreshed.result === 'reused') {
      this.verdicts.forget(keyIdOf(refreshed.family.id));
      throw new GatehouseError(
        'REFRESH_TOKEN_REUSED',
        'That refresh token was used before, so somebody else may have it: the session has ended, log in again',
      );
    }
    if (refreshed.result !== 'refreshed' || !user || user.disabledAt) {
      call.note('credential', refreshed.result === 'refreshed' ? 'disabled' : refreshed.result);
      throw new CredentialInvalid('The refresh token is not valid here: log in again');
    }
    const access = await this.tokens.sign(user, refreshed.family);
    return { user, family: refreshed.family, refreshToken: refreshed.refreshToken, access };
  }

  /** A token that says that a second factor was just shown. @throws CredentialInvalid where the session has ended meanwhile */
  async stepUp(user: User, familyId: string): Promise<AccessToken> {
    const family = await this.families.noteSecondFactor(familyId);
    if (!family) throw new CredentialInvalid('The session has ended: log in again');
    return this.tokens.sign(user, family);
  }

  async end(familyId: string): Promise<void> {
    await this.families.end(familyId, 'logout');
    this.verdicts.forget(keyIdOf(familyId));
  }

  /** All sessions of a user but one, if that is named. Answers how many. */
  async endAll(userId: string, by: EndedBy, but?: string): Promise<number> {
    const ended = await this.families.endAll(userId, by, but);
    for (const id of ended) this.verdicts.forget(keyIdOf(id));
    // What they have allowed clients may have gone by the same.
    this.verdicts.forgetAllOf(userId);
    return ended.length;
  }
}
