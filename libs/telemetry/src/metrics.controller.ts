import { Controller, Get, Header } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { SkipThrottle } from '@nestjs/throttler';
import { register } from 'prom-client';
import { Operation } from '#call';

/** For Prometheus, on the management port, which only the operators' network reaches. */
@Controller('metrics')
export class MetricsController {
  @Get()
  @RouteConfig({ management: true })
  @Header('content-type', register.contentType)
  @SkipThrottle()
  @Operation({ name: 'metrics.read', public: true, audit: 'refusals' })
  read(): Promise<string> {
    return register.metrics();
  }
}
