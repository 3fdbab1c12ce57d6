import { Injectable } from '@nestjs/common';
import type { Call } from '#call';
import { UserLogin, Users, type User } from '#identity';
import { Accounts, type Account, type LoggedIn, type LoginForm } from './accounts.ts';

/** The users of this gateway. */
@Injectable()
export class IdentityAccounts extends Accounts {
  constructor(
    private readonly logins: UserLogin,
    private readonly users: Users,
  ) {
    super();
  }

  override async login(form: LoginForm, call: Call): Promise<LoggedIn> {
    const { user, amr } = await this.logins.check(form, call);
    return { account: accountOf(user), secondFactor: (amr as readonly string[]).includes('otp') };
  }

  override async find(id: string): Promise<Account | undefined> {
    const user = await this.users.find(id);
    return user && !user.disabledAt ? accountOf(user) : undefined;
  }
}

function accountOf({ id, name, role, tier, changedAt }: User): Account {
  return { id, name, role, tier, changedAt };
}
