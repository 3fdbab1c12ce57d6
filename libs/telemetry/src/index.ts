export { CallLog } from './call-log.recorder.ts';
export { CallMetrics } from './call-metrics.recorder.ts';
export { Metrics } from './metrics.ts';
export { telemetryConfig } from './telemetry.config.ts';
export { TelemetryModule } from './telemetry.module.ts';
