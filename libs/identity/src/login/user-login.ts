import { Injectable } from '@nestjs/common';
import type { Call } from '#call';
import { InvalidLogin } from '#errors';
import { isOutdated, nobodysHash } from '../users/password-hash.ts';
import { PasswordHasher } from '../users/password-hasher.ts';
import { UserStore } from '../users/user-store.ts';
import type { User, UserSecrets } from '../users/user.record.ts';
import { KnownNetworks } from './known-networks.ts';
import { LoginThrottle, type Attempt } from './login-throttle.ts';
import { SecondFactors } from './second-factors.ts';

/** What a person shows. */
export interface LoginOrder {
  readonly name: string;
  readonly password: string;
  /** One-time code of an authenticator, or a recovery code. */
  readonly totp?: string | undefined;
}

/** Who it is, and how that was proven (`amr`, RFC 8176). */
export interface LoggedIn {
  readonly user: User;
  readonly amr: readonly ['pwd'] | readonly ['pwd', 'otp'];
}

/**
 * Checks a person's password, and the one-time code of who has enrolled one. Whatever is wrong is told in the same
 * words and takes as long: a stranger learns neither who is here nor which half of it was right.
 */
@Injectable()
export class UserLogin {
  constructor(
    private readonly users: UserStore,
    private readonly hasher: PasswordHasher,
    private readonly factors: SecondFactors,
    private readonly networks: KnownNetworks,
    private readonly throttle: LoginThrottle,
  ) {}

  /** @throws InvalidLogin, RateLimited; GatehouseError UNAVAILABLE */
  async check(order: LoginOrder, call: Call): Promise<LoggedIn> {
    const user = await this.users.findByName(order.name);
    const attempt = await this.#attemptOf(order.name, user, call);
    await this.throttle.take(attempt, call);
    const fault = await this.#faultOf(order, user, attempt);
    if (fault !== undefined || !user) throw refused(fault ?? 'unknown', user, call);
    await this.#welcome(order, user, attempt);
    return { user: withoutSecrets(user), amr: user.totpSeed ? ['pwd', 'otp'] : ['pwd'] };
  }

  /**
   * Checks one thing of somebody who is logged in: the password again, or a one-time code. It counts as a login does.
   * @throws InvalidLogin, RateLimited; GatehouseError UNAVAILABLE
   */
  async checkAgain(id: string, shown: { password: string } | { totp: string }, call: Call): Promise<User> {
    const user = await this.users.getWithSecrets(id);
    if (!user || user.disabledAt) throw refused(user ? 'disabled' : 'unknown', user, call);
    const attempt = await this.#attemptOf(user.name, user, call);
    await this.throttle.take(attempt, call);
    const good =
      'totp' in shown
        ? await this.factors.accept(user, shown.totp)
        : await this.hasher.fits(shown.password, user.passwordHash, attempt);
    if (!good) throw refused('totp' in shown ? 'wrong-code' : 'wrong-password', user, call);
    if ('totp' in shown || !user.hasSecondFactor) await this.throttle.forgive(attempt);
    else await this.throttle.refund(attempt);
    return withoutSecrets(user);
  }

  /**
   * Puts the authenticator in force whose first code this is. It counts as a login does.
   * @throws InvalidLogin, RateLimited; GatehouseError UNAVAILABLE
   */
  async confirmSecondFactor(
    id: string,
    code: string,
    call: Call,
  ): Promise<{ user: User; recoveryCodes: readonly string[] }> {
    const user = await this.users.getWithSecrets(id);
    if (!user || user.disabledAt) throw refused(user ? 'disabled' : 'unknown', user, call);
    const attempt = await this.#attemptOf(user.name, user, call);
    await this.throttle.take(attempt, call);
    const recoveryCodes = await this.factors.confirm(id, code);
    if (!recoveryCodes) throw refused('wrong-code', user, call);
    await this.throttle.refund(attempt);
    return { user: { ...withoutSecrets(user), hasSecondFactor: true }, recoveryCodes };
  }

  async #attemptOf(name: string, user: User | undefined, { address }: Call): Promise<Attempt> {
    // Asked for a name that nobody has, too: it takes as long.
    const known = await this.networks.knows(user?.id ?? 'nobody', address);
    return { name, address, known };
  }

  async #faultOf(
    { password, totp }: LoginOrder,
    user: (User & UserSecrets) | undefined,
    { known }: Attempt,
  ): Promise<string | undefined> {
    const fits = await this.hasher.fits(password, user?.passwordHash ?? nobodysHash, { known });
    if (!user) return 'unknown';
    if (!fits) return 'wrong-password';
    if (user.disabledAt) return 'disabled';
    if (!user.totpSeed) return undefined;
    if (totp === undefined) return 'no-code';
    return (await this.factors.accept(user, totp)) ? undefined : 'wrong-code';
  }

  async #welcome(
    { password }: LoginOrder,
    { id, passwordHash }: User & UserSecrets,
    attempt: Attempt,
  ): Promise<void> {
    await this.throttle.forgive(attempt);
    await this.networks.remember(id, attempt.address);
    await this.users.noteLogin(id, new Date());
    if (isOutdated(passwordHash))
      await this.users.rehash(id, { from: passwordHash, to: await this.hasher.hash(password) });
  }
}

/** Why is for the audit trail alone. The name that was typed is not: some type their password there. */
function refused(reason: string, user: User | undefined, call: Call): InvalidLogin {
  call.note('credential', reason);
  if (user) call.note('subject_user', user.id);
  return new InvalidLogin();
}

function withoutSecrets({ passwordHash: _hash, totpSeed: _seed, ...user }: User & UserSecrets): User {
  return user;
}
