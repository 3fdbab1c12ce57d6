import type { Call, Role, Tier } from '#call';

/** A person, as tokens and pages know one. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly tier: Tier | undefined;
  /** Role, password or the like: what was allowed before does not count any more. */
  readonly changedAt: Date;
}

export interface LoginForm {
  readonly name: string;
  readonly password: string;
  /** One-time code; empty where the person has none. */
  readonly totp: string | undefined;
}

export interface LoggedIn {
  readonly account: Account;
  readonly secondFactor: boolean;
}

/** The persons who may log in at the pages of the authorization server. */
export abstract class Accounts {
  /** @throws GatehouseError: not this one, or not now. Its words may be shown. */
  abstract login(form: LoginForm, call: Call): Promise<LoggedIn>;
  /** As the person is now; undefined once they may not log in any more. */
  abstract find(id: string): Promise<Account | undefined>;
}
