import { Controller, HttpCode, Post } from '@nestjs/common';
import { Throttle } from '@nestjs/throttler';
import { CurrentCall, Input, Operation, type Call } from '#call';
import { GatehouseError } from '#errors';
import { LOGIN_LIMIT } from '../login/login-limit.ts';
import type { Enrolment } from '../login/second-factors.ts';
import { UserLogin } from '../login/user-login.ts';
import { Users } from '../users/users.service.ts';
import { ChangePassword, ConfirmTotp, EnrolTotp, Login, Logout, Refresh, StepUp } from './auth.dto.ts';
import { accessView, tokensView, type AccessView, type TokensView } from './auth.view.ts';
import { keyIdOf, sessionIdOf } from './session-key-id.ts';
import { UserSessions, type IssuedTokens } from './user-sessions.ts';

const CODE_LIMIT = { default: { limit: 10, ttl: 60_000 } };

/** `/auth`: how a person gets tokens, and gives them back. */
@Controller('auth')
export class AuthController {
  constructor(
    private readonly login: UserLogin,
    private readonly sessions: UserSessions,
    private readonly users: Users,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Throttle(LOGIN_LIMIT)
  @Operation({ name: 'auth.login', public: true, input: Login, event: 'login', revealsSecret: true })
  async begin(@Input() input: Login, @CurrentCall() call: Call): Promise<TokensView> {
    const loggedIn = await this.login.check(input, call);
    return issued(await this.sessions.begin(loggedIn), call);
  }

  @Post('refresh')
  @HttpCode(200)
  @Throttle(LOGIN_LIMIT)
  @Operation({
    name: 'auth.refresh',
    public: true,
    input: Refresh,
    event: 'token_refreshed',
    revealsSecret: true,
  })
  async refresh(@Input() { refresh_token: token }: Refresh, @CurrentCall() call: Call): Promise<TokensView> {
    return issued(await this.sessions.refresh(token, call), call);
  }

  @Post('logout')
  @HttpCode(200)
  @Operation({ name: 'auth.logout', permission: 'account:use', input: Logout, event: 'logout' })
  async logout(
    @Input() { everywhere = false }: Logout,
    @CurrentCall() call: Call,
  ): Promise<{ ended: number }> {
    const { userId, sessionId } = sessionOf(call);
    if (everywhere) return { ended: await this.sessions.endAll(userId, 'logout') };
    await this.sessions.end(sessionId);
    return { ended: 1 };
  }

  @Post('step-up')
  @HttpCode(200)
  @Throttle(CODE_LIMIT)
  @Operation({
    name: 'auth.step-up',
    permission: 'account:use',
    input: StepUp,
    event: 'second_factor_shown',
    revealsSecret: true,
  })
  async stepUp(@Input() { totp }: StepUp, @CurrentCall() call: Call): Promise<AccessView> {
    const { userId, sessionId } = sessionOf(call);
    const user = await this.login.checkAgain(userId, { totp }, call);
    return accessView(await this.sessions.stepUp(user, sessionId));
  }

  @Post('password')
  @HttpCode(200)
  @Throttle(CODE_LIMIT)
  @Operation({
    name: 'auth.change-password',
    permission: 'account:use',
    input: ChangePassword,
    event: 'password_changed',
  })
  async changePassword(
    @Input() { password, new_password: next }: ChangePassword,
    @CurrentCall() call: Call,
  ): Promise<{ ended: number }> {
    const { userId, sessionId } = sessionOf(call);
    const user = await this.login.checkAgain(userId, { password }, call);
    return { ended: await this.users.setPassword(user, next, { but: sessionId }) };
  }

  /**
   * The password once more, since a browser may have been left open; and for the first one a code that an administrator
   * gave, since a password may have been guessed: neither must bind the account to somebody else's telephone.
   */
  @Post('totp')
  @HttpCode(200)
  @Throttle(CODE_LIMIT)
  @Operation({
    name: 'auth.totp-enrol',
    permission: 'account:use',
    input: EnrolTotp,
    event: 'totp_enrolled',
    revealsSecret: true,
  })
  async enrol(
    @Input() { password, enrolment_code: code }: EnrolTotp,
    @CurrentCall() call: Call,
  ): Promise<Enrolment> {
    const { userId: id, sessionId } = sessionOf(call);
    return this.login.enrol({ id, sessionId }, { password, code }, call);
  }

  /** From now on the code is asked for; whoever was logged in elsewhere has shown none, and is logged out. */
  @Post('totp/confirm')
  @HttpCode(200)
  @Throttle(CODE_LIMIT)
  @Operation({
    name: 'auth.totp-confirm',
    permission: 'account:use',
    input: ConfirmTotp,
    event: 'totp_confirmed',
    revealsSecret: true,
  })
  async confirm(
    @Input() { totp }: ConfirmTotp,
    @CurrentCall() call: Call,
  ): Promise<AccessView & { recovery_codes: readonly string[] }> {
    const { userId, sessionId } = sessionOf(call);
    const confirmed = await this.login.confirmSecondFactor({ id: userId, sessionId }, totp, call);
    await this.sessions.endAll(userId, 'second-factor-changed', sessionId);
    const access = await this.sessions.stepUp(confirmed.user, sessionId);
    return { recovery_codes: confirmed.recoveryCodes, ...accessView(access) };
  }
}

/** From here on it is known who has called: the address is vouched for, and the record names the user. */
function issued(tokens: IssuedTokens, call: Call): TokensView {
  const { user, family } = tokens;
  const { id, name, role, tier } = user;
  call.principal = {
    id,
    name,
    role,
    tier,
    keyId: keyIdOf(family.id),
    secondFactor: family.otpAt !== undefined,
  };
  return tokensView(tokens);
}

function sessionOf({ principal }: Call): { userId: string; sessionId: string } {
  const sessionId = principal && sessionIdOf(principal.keyId);
  if (sessionId !== undefined) return { userId: principal!.id, sessionId };
  throw new GatehouseError(
    'ACCESS_REFUSED',
    'Not allowed: this is for people who have logged in, not for programs',
  );
}
