import { Global, Module, type DynamicModule } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { LoggerModule } from 'nestjs-pino';
import { register } from 'prom-client';
import { Cache } from '#cache';
import { readConfig, type Environment } from '#config';
import { logRedaction } from '#masking';
import { RotationModule, SecretAges } from '#rotation';
import { Secrets } from '#secrets';
import { CacheMetrics } from './cache-metrics.ts';
import { CallLog } from './call-log.recorder.ts';
import { CallMetrics } from './call-metrics.recorder.ts';
import { MetricsController } from './metrics.controller.ts';
import { Metrics } from './metrics.ts';
import { SecretMetrics } from './secret-metrics.ts';
import { telemetryConfig } from './telemetry.config.ts';
import { ValkeyMetrics } from './valkey-metrics.ts';

/** Logs (pino) and metrics (Prometheus). Spans are OpenTelemetry's, once there is a second service to trace. */
@Global()
@Module({})
export class TelemetryModule {
  static forRoot(env: Environment, logTo: NodeJS.WritableStream = process.stdout): DynamicModule {
    const { logLevel, metricsEnabled, metricsPrefix } = readConfig(telemetryConfig, env);
    // prom-client has one registry a process, and refuses a name that it has.
    const fresh = register.getSingleMetric(`${metricsPrefix}process_cpu_seconds_total`) === undefined;
    const prometheus = PrometheusModule.register({
      controller: MetricsController,
      defaultMetrics: { enabled: fresh, config: { prefix: metricsPrefix } },
    });
    return {
      module: TelemetryModule,
      imports: [
        RotationModule,
        // No middleware: a log line carries its call's id because the call is at hand, not by async context.
        LoggerModule.forRoot({ pinoHttp: [{ level: logLevel, ...logRedaction }, logTo], forRoutes: [] }),
        ...(metricsEnabled ? [prometheus] : []),
      ],
      providers: [
        { provide: Metrics, useFactory: () => new Metrics(metricsPrefix) },
        CallMetrics,
        CallLog,
        ValkeyMetrics,
        {
          provide: CacheMetrics,
          inject: [{ token: Cache, optional: true }],
          useFactory: (cache: Cache | undefined) => cache && new CacheMetrics(metricsPrefix, cache),
        },
        {
          provide: SecretMetrics,
          inject: [Secrets, SecretAges],
          useFactory: (secrets: Secrets, ages: SecretAges) =>
            new SecretMetrics(metricsPrefix, { secrets, ages }),
        },
      ],
      exports: [Metrics, CallMetrics, CallLog],
    };
  }
}
