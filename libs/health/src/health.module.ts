import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AuditModule } from '#audit';
import { RotationModule } from '#rotation';
import { HealthController } from './health.controller.ts';
import { HealthTools } from './health.tools.ts';
import { PerformanceController } from './performance.controller.ts';
import { Readiness } from './readiness.ts';

/** Probes for balancers, details for operators, and the tool that tells them to agents. */
@Module({
  imports: [AuditModule, RotationModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, PerformanceController],
  providers: [Readiness, HealthTools],
})
export class HealthModule {}
