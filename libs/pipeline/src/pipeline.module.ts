import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { AuditModule } from '#audit';
import { CacheInterceptor, CacheModule } from '#cache';
import { IdentityGuard, IdentityModule } from '#identity';
import { MaskingInterceptor } from '#masking';
import { AuthoriseGuard, RbacModule, VisibilityGuard } from '#rbac';
import { ThrottleGuard, ThrottleModule } from '#throttle';
import { ValidationGuard, ValidationModule } from '#validation';
import { BindGuard } from './bind.guard.ts';
import { DeclaredOperations } from './declared-operations.ts';
import { LimitTurns } from './limit-turns.ts';
import { PolicyTurns } from './policy-turns.ts';

/**
 * THE pipeline: what every call walks, at every door. The order of this list is the order of the pipeline. No other
 * module may provide an APP_GUARD or an APP_INTERCEPTOR: Nest would place it by the import graph, where nobody sees it.
 */
export const pipeline = [
  { provide: APP_GUARD, useClass: BindGuard }, // what: the operation and its input
  { provide: APP_GUARD, useClass: IdentityGuard }, // who
  { provide: APP_GUARD, useClass: VisibilityGuard }, // is it there at all, for them: else its own limits would tell
  { provide: APP_GUARD, useClass: ThrottleGuard }, // how much: before anything that costs
  { provide: APP_GUARD, useClass: AuthoriseGuard }, // may they at all
  { provide: APP_GUARD, useClass: ValidationGuard }, // is it well made: a flood must not buy schema work
  { provide: APP_INTERCEPTOR, useClass: MaskingInterceptor }, // on the way out: no secret leaves
  { provide: APP_INTERCEPTOR, useClass: CacheInterceptor }, // in place of the handler, where it has answered before
];

/** The list, put to work, and the check that every route declares itself. */
@Module({
  imports: [
    AuditModule,
    CacheModule,
    DiscoveryModule,
    IdentityModule,
    RbacModule,
    ThrottleModule,
    ValidationModule,
  ],
  providers: [...pipeline, DeclaredOperations, LimitTurns, PolicyTurns],
  exports: [DeclaredOperations],
})
export class PipelineModule {}
