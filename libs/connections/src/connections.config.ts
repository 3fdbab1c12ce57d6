import { defineConfig, setting, type ConfigOf } from '#config';

const count = { min: 1, max: 1_000_000 };

export const connectionsConfig = defineConfig('connections', {
  websockets: setting.integer({
    env: 'WS_MAX_CONNECTIONS',
    description: 'Open WebSockets at most, of one process',
    default: 100,
    ...count,
  }),
  tcp: setting.integer({
    env: 'TCP_MAX_CONNECTIONS',
    description: 'Open connections of the TCP port at most, of one process',
    default: 50,
    ...count,
  }),
  perAddress: setting.integer({
    env: 'MAX_CONNECTIONS_PER_ADDRESS',
    description:
      'Open connections of one address (IPv6: its /64) at most, over all doors; TRUSTED_PROXIES may have more',
    default: 250,
    ...count,
  }),
});

export type ConnectionSettings = ConfigOf<typeof connectionsConfig>;
