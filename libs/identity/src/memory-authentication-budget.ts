import { Inject, Injectable } from '@nestjs/common';
import { networkOf } from '#call';
import type { ConfigOf } from '#config';
import { AuthenticationBudget, type Exhaustion } from './authentication-budget.ts';
import { identityConfig } from './identity.config.ts';
import { RecentMap } from './recent-map.ts';

/** About 10 MB when full. Whoever owns more networks than this gets a little more than the limit. */
const MAX_NETWORKS = 50_000;

interface Account {
  spent: number;
  /** Epoch milliseconds. */
  readonly resetAt: number;
}

/** Counts in this process, from the first failure of a network until its window ends. */
@Injectable()
export class MemoryAuthenticationBudget extends AuthenticationBudget {
  readonly #accounts = new RecentMap<Account>(MAX_NETWORKS);
  readonly #limit: number;
  readonly #windowMs: number;

  constructor(@Inject(identityConfig.KEY) config: ConfigOf<typeof identityConfig>) {
    super();
    this.#limit = config.maxFailures;
    this.#windowMs = config.failureWindowSeconds * 1000;
  }

  get size(): number {
    return this.#accounts.size;
  }

  take(address: string): Exhaustion | undefined {
    const network = networkOf(address);
    const account = this.#account(network);
    if (!account) this.#accounts.set(network, { spent: 1, resetAt: Date.now() + this.#windowMs });
    else if (account.spent < this.#limit) account.spent++;
    else return { limit: this.#limit, resetAt: account.resetAt };
    return undefined;
  }

  refund(address: string): void {
    const account = this.#account(networkOf(address));
    if (account && account.spent > 0) account.spent--;
  }

  /** The running window of a network, if there is one. */
  #account(network: string): Account | undefined {
    const account = this.#accounts.get(network);
    return account && Date.now() < account.resetAt ? account : undefined;
  }
}
