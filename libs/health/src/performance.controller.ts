import { Controller, Get } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { Cache, type CacheFigures, type CacheHealth } from '#cache';
import { Operation } from '#call';
import { Metrics } from '#telemetry';
import { latenciesIn, type Latency, type OperationLatency } from './latencies.ts';

/** Since the start of this process. */
export interface PerformanceReport {
  uptime_seconds: number;
  cache: CacheHealth & { figures: CacheFigures };
  throttle: {
    /** Calls that a limit refused, by its name. */
    refused: Record<string, number>;
    /** Valkey is away, and each process enforces its share of the limits. */
    divided: boolean;
  };
  latency: Latency & { operations: OperationLatency[] };
}

/** `/performance/report`, on the management port: cache, limits and latency of this process in one look (ARC-35). */
@Controller('performance')
export class PerformanceController {
  constructor(
    private readonly cache: Cache,
    private readonly metrics: Metrics,
  ) {}

  @Get('report')
  @RouteConfig({ management: true })
  @Operation({ name: 'performance.report', permission: 'metrics:read' })
  async report(): Promise<PerformanceReport> {
    const { rateLimitExceeded, limitsDivided, requestDuration } = this.metrics;
    const [health, refused, divided, durations] = await Promise.all([
      this.cache.health(),
      rateLimitExceeded.get(),
      limitsDivided.get(),
      requestDuration.get(),
    ]);
    const { all, operations } = latenciesIn(durations);
    return {
      uptime_seconds: Math.round(process.uptime()),
      cache: { ...health, figures: this.cache.figures() },
      throttle: {
        refused: Object.fromEntries(refused.values.map(({ labels, value }) => [String(labels.limit), value])),
        divided: divided.values[0]?.value === 1,
      },
      latency: { ...all, operations },
    };
  }
}
