import { Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AuditModule, AuditTrail } from '#audit';
import { ThrottleModule, Tightening } from '#throttle';
import { StateConnection } from '#valkey';
import { adaptiveConfig, type AdaptiveSettings } from './adaptive.config.ts';
import { AdaptiveLimits } from './adaptive-limits.ts';
import { SharedLevels } from './shared-levels.ts';

const limits = {
  provide: AdaptiveLimits,
  inject: [adaptiveConfig.KEY, Tightening, AuditTrail, StateConnection],
  useFactory: (
    settings: AdaptiveSettings,
    tightening: Tightening,
    audit: AuditTrail,
    connection: StateConnection | undefined,
  ) =>
    new AdaptiveLimits({ settings, tightening, audit, shared: connection && new SharedLevels(connection) }),
};

/** Limits that follow what happens. AdaptiveLimits is to be told of every settled call. */
@Module({ imports: [AuditModule, ThrottleModule], providers: [limits], exports: [AdaptiveLimits] })
export class AdaptiveModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(private readonly adaptive: AdaptiveLimits) {}

  onApplicationBootstrap(): void {
    this.adaptive.start();
  }

  onModuleDestroy(): void {
    this.adaptive.close();
  }
}
