import { defineConfig, setting } from '#config';

export const telemetryConfig = defineConfig('telemetry', {
  logLevel: setting.oneOf({
    env: 'LOG_LEVEL',
    description: 'Least level of a line in the log',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
  }),
  metricsEnabled: setting.boolean({
    env: 'METRICS_ENABLED',
    aliases: ['SUPEREGO_METRICS_ENABLED'],
    description: 'Count calls and serve /metrics on the management port',
    default: true,
  }),
  metricsPrefix: setting.text({
    env: 'METRICS_PREFIX',
    description: 'What the name of every metric begins with',
    default: 'gatehouse_',
    pattern: /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/,
    shape: 'letters, digits and underscores, beginning with a letter',
  }),
});
