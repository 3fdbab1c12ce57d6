import { Injectable } from '@nestjs/common';
import type { Call } from '#call';
import { InvalidInput, InvalidLogin, SecondFactorRequired } from '#errors';
import { isOutdated, nobodysHash } from '../users/password-hash.ts';
import { PasswordHasher } from '../users/password-hasher.ts';
import { UserStore } from '../users/user-store.ts';
import type { User, UserSecrets } from '../users/user.record.ts';
import { KnownNetworks } from './known-networks.ts';
import { LoginThrottle, type Attempt } from './login-throttle.ts';
import { SecondFactors, type Enrolment } from './second-factors.ts';

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
   * Puts the authenticator in force whose first code this is, which was begun in the same session. It counts as a login does.
   * @throws InvalidLogin, RateLimited; GatehouseError UNAVAILABLE
   */
  async confirmSecondFactor(
    { id, sessionId }: { id: string; sessionId: string },
    code: string,
    call: Call,
  ): Promise<{ user: User; recoveryCodes: readonly string[] }> {
    const user = await this.users.getWithSecrets(id);
    if (!user || user.disabledAt) throw refused(user ? 'disabled' : 'unknown', user, call);
    const attempt = await this.#attemptOf(user.name, user, call);
    await this.throttle.take(attempt, call);
    const recoveryCodes = await this.factors.confirm({ id, sessionId }, code);
    if (!recoveryCodes) throw refused('wrong-code', user, call);
    await this.throttle.refund(attempt);
    return { user: { ...withoutSecrets(user), hasSecondFactor: true }, recoveryCodes };
  }

  /**
   * Begins a second factor for somebody who is logged in: with the password again and, for the first one, the code that
   * whoever manages users gave to them, each counted as a login is; in the place of another one, with that one.
   * @throws InvalidInput without the code where it is needed; InvalidLogin, RateLimited, SecondFactorRequired
   */
  async enrol(
    { id, sessionId }: { id: string; sessionId: string },
    { password, code }: { password: string; code: string | undefined },
    call: Call,
  ): Promise<Enrolment> {
    if (code === undefined && !(await this.users.get(id))?.hasSecondFactor) throw withoutCode();
    const user = await this.checkAgain(id, { password }, call);
    if (user.hasSecondFactor) {
      const replaced = call.principal?.secondFactor && (await this.factors.replace(user, sessionId));
      if (replaced) return replaced;
      throw new SecondFactorRequired('Another authenticator in the place of yours');
    }
    const attempt: Attempt = { ...(await this.#attemptOf(user.name, user, call)), at: 'enrolment-code' };
    await this.throttle.take(attempt, call);
    const begun = await this.factors.enrol(user, { sessionId, code: code ?? '' });
    if (!begun) throw refused('wrong-enrolment-code', user, call);
    await this.throttle.refund(attempt);
    return begun;
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

function withoutCode(): InvalidInput {
  return new InvalidInput('A first second factor is set up with an enrolment code', [
    { path: '/enrolment_code', message: 'is needed: whoever manages users gives you one' },
  ]);
}

function withoutSecrets({ passwordHash: _hash, totpSeed: _seed, ...user }: User & UserSecrets): User {
  return user;
}
