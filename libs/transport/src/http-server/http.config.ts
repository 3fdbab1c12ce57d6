import { defineConfig, setting } from '#config';

const port = (env: string, description: string, fallback: number) =>
  setting.integer({ env, description, default: fallback, min: 0, max: 65_535 });

export const httpConfig = defineConfig('http', {
  host: setting.text({
    env: 'HOST',
    description: 'Address to listen on; loopback unless told otherwise',
    default: '127.0.0.1',
    pattern: /^[\w.:-]{1,255}$/,
    shape: 'an address or a host name',
  }),
  port: port('PORT', 'Port of the API: REST and MCP; 0 takes any that is free', 8000),
  publicUrl: setting.optional({
    env: 'PUBLIC_URL',
    description:
      'Where clients reach the API, for the metadata that they are pointed to; made of HOST and PORT without it',
    pattern: /^https?:\/\/[^\s"?#]*[^\s"?#/]$/,
    shape: 'an http or https URL without a slash at its end',
  }),
  managementPort: port('MANAGEMENT_PORT', 'Port of metrics and detailed health; 0 turns it off', 8001),
  maxRequestBytes: setting.integer({
    env: 'MAX_REQUEST_SIZE',
    aliases: ['MAX_MESSAGE_SIZE'],
    description: 'Largest body of a request, in bytes',
    default: 1_048_576,
    min: 1024,
    max: 104_857_600,
  }),
  requestTimeoutMs: setting.integer({
    env: 'REQUEST_TIMEOUT_MS',
    description: 'Time that one request may take, in milliseconds',
    default: 30_000,
    min: 10,
    max: 3_600_000,
  }),
  shutdownDelayMs: setting.integer({
    env: 'SHUTDOWN_DELAY_MS',
    description:
      'Time that a gateway which is told to stop goes on serving, while /ready says 503, until balancers send nothing more',
    default: 0,
    min: 0,
    max: 300_000,
  }),
  maxConnections: setting.integer({
    env: 'MAX_CONNECTIONS',
    description: 'Open connections at most, over all clients',
    default: 1000,
    min: 1,
    max: 1_000_000,
  }),
  trustedProxies: setting.networks({
    env: 'TRUSTED_PROXIES',
    description: 'Addresses or CIDR ranges of the proxies whose X-Forwarded-For is believed',
    default: [],
  }),
  corsEnabled: setting.boolean({
    env: 'CORS_ENABLED',
    description: 'Answer CORS preflights and add CORS headers for the allowed origins',
    default: false,
  }),
  corsAllowedOrigins: setting.list({
    env: 'CORS_ALLOWED_ORIGINS',
    description: 'Origins of browsers that may call; a request with any other Origin gets 403',
    default: [],
  }),
  securityHeaders: setting.boolean({
    env: 'SECURITY_HEADERS_ENABLED',
    description: 'Send security headers with every answer',
    default: true,
  }),
});
