import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import { ClientLimits } from './admin/client-limits.service.ts';
import { LimitsController } from './admin/limits.controller.ts';
import { LimitGate } from './limit-gate.ts';
import { MemoryThrottleStore } from './memory/memory-throttle-store.ts';
import { LimitPlans } from './plan/limit-plans.ts';
import { OperationLimits } from './plan/operation-limits.ts';
import { throttleConfig, type ThrottleSettings } from './throttle.config.ts';
import { ThrottleStore } from './throttle-store.ts';

const store = {
  provide: ThrottleStore,
  inject: [throttleConfig.KEY],
  useFactory: ({ maxKeys }: ThrottleSettings) => new MemoryThrottleStore({ maxKeys }),
};

/** All that ThrottleGuard needs; the guard itself stands in the list of libs/pipeline. */
@Module({
  imports: [
    DiscoveryModule,
    ThrottlerModule.forRootAsync({
      inject: [throttleConfig.KEY],
      useFactory: ({ clientMax, clientWindowMs }: ThrottleSettings) => ({
        throttlers: [{ limit: clientMax, ttl: clientWindowMs }],
      }),
    }),
  ],
  controllers: [LimitsController],
  providers: [store, OperationLimits, LimitPlans, LimitGate, ClientLimits],
  exports: [ThrottlerModule, ThrottleStore, LimitPlans, LimitGate],
})
export class ThrottleModule {}
