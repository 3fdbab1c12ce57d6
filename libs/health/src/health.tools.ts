import { Injectable } from '@nestjs/common';
import { Tool } from '#mcp';
import { Readiness } from './readiness.ts';

/** The same details that operators see, for agents that may. */
@Injectable()
export class HealthTools {
  constructor(private readonly readiness: Readiness) {}

  @Tool({
    name: 'health_check',
    title: 'Health check',
    description: 'Says whether Gatehouse and the stores behind it work.',
    operation: 'health.details',
    permission: 'health:read',
    annotations: { readOnlyHint: true, idempotentHint: true },
  })
  check(): Promise<unknown> {
    return this.readiness.details();
  }
}
