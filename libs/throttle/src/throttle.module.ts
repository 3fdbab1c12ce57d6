import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { StateConnection, ValkeyModule } from '#valkey';
import { ClientLimits } from './admin/client-limits.service.ts';
import { LimitsController } from './admin/limits.controller.ts';
import { LimitGate } from './limit-gate.ts';
import { MemoryThrottleStore } from './memory/memory-throttle-store.ts';
import { LimitPlans } from './plan/limit-plans.ts';
import { OperationLimits } from './plan/operation-limits.ts';
import { Tightening } from './plan/tightening.ts';
import { Replicas } from './shared/replicas.ts';
import { SharedThrottleStore } from './shared/shared-throttle-store.ts';
import { throttleConfig, type ThrottleSettings } from './throttle.config.ts';
import { ThrottleStore } from './throttle-store.ts';
import { ValkeyThrottleStore } from './valkey/valkey-throttle-store.ts';

/** Without Valkey in memory; with it together, and in memory while it is away. */
const store = {
  provide: ThrottleStore,
  inject: [throttleConfig.KEY, StateConnection],
  useFactory: ({ maxKeys, replicas }: ThrottleSettings, connection: StateConnection | undefined) => {
    const local = new MemoryThrottleStore({ maxKeys });
    if (!connection) return local;
    return new SharedThrottleStore({
      shared: new ValkeyThrottleStore({ connection }),
      local,
      connection,
      replicas: new Replicas(connection, replicas),
    });
  },
};

/** All that ThrottleGuard needs; the guard itself stands in the list of libs/pipeline. */
@Module({
  imports: [
    DiscoveryModule,
    ValkeyModule,
    ThrottlerModule.forRootAsync({
      inject: [throttleConfig.KEY],
      useFactory: ({ clientMax, clientWindowMs }: ThrottleSettings) => ({
        throttlers: [{ limit: clientMax, ttl: clientWindowMs }],
      }),
    }),
  ],
  controllers: [LimitsController],
  providers: [store, OperationLimits, Tightening, LimitPlans, LimitGate, ClientLimits],
  exports: [ThrottlerModule, ThrottleStore, Tightening, LimitPlans, LimitGate],
})
export class ThrottleModule implements OnApplicationShutdown {
  constructor(private readonly throttle: ThrottleStore) {}

  /** Nest shuts the global ValkeyModule down after this one, so the others still hear that this process leaves. */
  async onApplicationShutdown(): Promise<void> {
    if (this.throttle instanceof SharedThrottleStore) await this.throttle.close();
  }
}
