import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { AuditTrail } from '#audit';
import { Metrics } from '#telemetry';
import { SharedThrottleStore, ThrottleStore, type LimitTurn } from '#throttle';

/** Records in the audit trail, and shows in the metrics, when limits are shared by all processes no more, and again. */
@Injectable()
export class LimitTurns implements OnApplicationBootstrap {
  readonly #logger = new Logger('Throttle');

  constructor(
    private readonly store: ThrottleStore,
    private readonly audit: AuditTrail,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    const { store } = this;
    if (!(store instanceof SharedThrottleStore)) return;
    this.metrics.limitsDivided.set(Number(!store.isShared));
    store.onTurn((turn) => this.#record(turn));
  }

  #record({ shared, reason, replicas, afterMs }: LimitTurn): void {
    this.metrics.limitsDivided.set(Number(!shared));
    const notes = { replicas, after_ms: Math.round(afterMs), ...(reason !== undefined && { reason }) };
    this.audit
      .event(
        shared
          ? { event: 'rate_limits_shared', severity: 'LOW', notes }
          : { event: 'rate_limits_divided', severity: 'MEDIUM', notes },
      )
      .catch((error: unknown) =>
        this.#logger.error({ err: error, msg: 'A turn of the limits is not on record' }),
      );
  }
}
