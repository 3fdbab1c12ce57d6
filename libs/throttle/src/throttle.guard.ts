import { Injectable, type CanActivate, type ExecutionContext, type OnModuleInit } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { callOf } from '#call';
import { LimitGate } from './limit-gate.ts';
import { LimitPlans } from './plan/limit-plans.ts';
import { UNLIMITED } from './rate-limit-headers.ts';

/** The stock guard always answers with a promise; Nest takes a plain answer too, which spares every call a turn. */
const StockGuard: new (...of: ConstructorParameters<typeof ThrottlerGuard>) => CanActivate & OnModuleInit =
  ThrottlerGuard;

/**
 * How much. The stock guard asks its storage once for each limit, and reads HTTP only; this one makes all limits of a
 * call one list, which is decided in one step, at every door. `@Throttle` and `@SkipThrottle` mean what they always do.
 */
@Injectable()
export class ThrottleGuard extends StockGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly plans: LimitPlans,
    private readonly gate: LimitGate,
  ) {
    super(options, storage, reflector);
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const plan = this.plans.of(context);
    if (plan === 'skip') return true;
    const call = callOf(context);
    const claims = this.plans.claim(plan, call);
    if (claims.length > 0) return this.gate.admit(call, claims);
    call.limits = UNLIMITED;
    return true;
  }
}
