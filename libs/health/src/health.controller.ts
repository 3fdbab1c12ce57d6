import { Controller, Get } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { HealthCheck, type HealthCheckResult } from '@nestjs/terminus';
import { SkipThrottle } from '@nestjs/throttler';
import { Cache, type CacheHealth } from '#cache';
import { Operation } from '#call';
import { GatehouseError } from '#errors';
import { Readiness } from './readiness.ts';

export interface Health {
  status: 'ok';
  /** A cache that is down slows calls, and stops none. */
  cache: Pick<CacheHealth, 'status'>;
}

/** For probes and balancers: public, minimal, on both ports, and free of limits so that a flood can't fail a probe. */
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly cache: Cache,
  ) {}

  @Get('health')
  @RouteConfig({ everywhere: true })
  @SkipThrottle()
  @Operation({ name: 'health.live', public: true, audit: 'refusals' })
  live(): Health {
    return { status: 'ok', cache: { status: this.cache.status } };
  }

  @Get('ready')
  @RouteConfig({ everywhere: true })
  @SkipThrottle()
  @Operation({ name: 'health.ready', public: true, audit: 'refusals' })
  async ready(): Promise<{ status: string }> {
    const { status } = await this.readiness.check();
    return { status };
  }

  @Get('startup')
  @RouteConfig({ everywhere: true })
  @SkipThrottle()
  @Operation({ name: 'health.startup', public: true, audit: 'refusals' })
  startup(): { status: string } {
    if (!this.readiness.started) throw new GatehouseError('UNAVAILABLE', 'Still starting');
    return { status: 'ok' };
  }

  @Get('health/details')
  @HealthCheck({ swaggerDocumentation: false })
  @RouteConfig({ management: true })
  @Operation({ name: 'health.details', permission: 'health:read' })
  details(): Promise<HealthCheckResult> {
    return this.readiness.details();
  }
}
