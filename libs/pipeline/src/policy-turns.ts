import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { AuditTrail } from '#audit';
import { PolicyFile, type PolicyNews } from '#rbac';

/** Records in the audit trail when the policy file was edited, whether its rules are in force now or were refused. */
@Injectable()
export class PolicyTurns implements OnApplicationBootstrap {
  readonly #logger = new Logger('Policy');

  constructor(
    private readonly policy: PolicyFile,
    private readonly audit: AuditTrail,
  ) {}

  onApplicationBootstrap(): void {
    this.policy.onNews((news) => this.#record(news));
  }

  #record(news: PolicyNews): void {
    const { event } = news;
    const notes = 'reason' in news ? { reason: news.reason } : {};
    this.audit
      .event({ event, severity: event === 'policy_changed' ? 'HIGH' : 'MEDIUM', notes })
      .catch((error: unknown) =>
        this.#logger.error({ err: error, msg: 'An edit of the policy file is not on record' }),
      );
  }
}
