import { startGateway } from '../../apps/gateway/src/gateway.ts';
import { ready } from '../bench/servers/ready.ts';
import { EchoModule } from '../fixtures/echo.module.ts';
import { NewsModule } from '../fixtures/news.module.ts';
import { TalkModule } from '../fixtures/talk.module.ts';

/** The gateway that is soaked, in a process of its own. */
const env = process.env as Record<string, string>;
const gateway = await startGateway({
  env: {
    DATA_DIR: env['SOAK_DATA_DIR']!,
    GATEHOUSE_API_KEY: env['SOAK_KEY']!,
    PORT: env['SOAK_PORT']!,
    WS_PORT: env['SOAK_WS_PORT']!,
    TCP_PORT: env['SOAK_TCP_PORT']!,
    MANAGEMENT_PORT: '0',
    LOG_LEVEL: 'error',
    // Wrong keys are part of the load, and come from one address.
    AUTO_BLOCK_ENABLED: 'false',
    ADAPTIVE_LIMITS_ENABLED: 'false',
    RATE_LIMIT_GLOBAL_MAX: '10000000',
    RATE_LIMIT_ADDRESS_MAX: '10000000',
    AUTH_FAILURES_MAX: '1000000',
    REQUEST_TIMEOUT_MS: '10000',
  },
  features: [EchoModule, NewsModule, TalkModule],
});
process.once('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
ready({ port: Number(env['SOAK_PORT']) });
