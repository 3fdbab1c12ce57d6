import { Injectable } from '@nestjs/common';
import { NotFound } from '#errors';
import { Verdicts } from '#identity';
import { Accounts } from '../accounts.ts';
import { isOutdated, OAUTH_KEY } from '../server/token-standing.ts';
import { GrantStore, type Grant, type GrantFilter } from './grant-store.ts';

/** A grant, and whether its tokens open anything: not after a change of the person's role or password, or of the person. */
export interface StandingGrant {
  readonly grant: Grant;
  readonly stands: boolean;
}

/** What persons have allowed clients: to be reviewed and taken back by an administrator. */
@Injectable()
export class OAuthGrants {
  constructor(
    private readonly store: GrantStore,
    private readonly accounts: Accounts,
    private readonly verdicts: Verdicts,
  ) {}

  async list(
    filter: GrantFilter,
    page: { skip: number; limit: number },
  ): Promise<{ grants: StandingGrant[]; total: number }> {
    const { grants, total } = await this.store.list(filter, page);
    const subjects = [...new Set(grants.map(({ subject }) => subject))];
    const accounts = new Map(
      await Promise.all(subjects.map(async (id) => [id, await this.accounts.find(id)] as const)),
    );
    const standing = (grant: Grant) => {
      const account = accounts.get(grant.subject);
      return account !== undefined && !isOutdated(account, grant.createdAt.getTime() / 1000);
    };
    return { grants: grants.map((grant) => ({ grant, stands: standing(grant) })), total };
  }

  /** Its tokens open nothing here from now on, and within a second on other replicas. @throws NotFound */
  async revoke(id: string): Promise<Grant> {
    const grant = await this.store.revoke(id);
    if (!grant) throw new NotFound('There is no such grant: it may have been revoked, or be over');
    this.verdicts.forget(`${OAUTH_KEY}${id}`);
    return grant;
  }
}
