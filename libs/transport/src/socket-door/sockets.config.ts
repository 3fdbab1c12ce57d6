import { defineConfig, setting, type ConfigOf } from '#config';

const port = (env: string, description: string, fallback: number) =>
  setting.integer({ env, description, default: fallback, min: 0, max: 65_535 });

export const socketsConfig = defineConfig('sockets', {
  wsPort: port(
    'WS_PORT',
    'Port of the WebSocket, which is at /ws of the API port too; 0 turns both off',
    3002,
  ),
  tcpPort: port('TCP_PORT', 'Port of newline-delimited JSON-RPC; 0 turns it off', 9500),
  wsAuthenticates: setting.boolean({
    env: 'WS_AUTH_ENABLED',
    description:
      'Ask for a credential when a WebSocket is opened; without it, each call on it is still refused that has none',
    default: true,
  }),
  wsCompresses: setting.boolean({
    env: 'WS_COMPRESSION_ENABLED',
    description: 'Offer permessage-deflate to WebSocket clients, at the price of memory and time',
    default: false,
  }),
  idleMs: setting.integer({
    env: 'WS_CONNECTION_TIMEOUT',
    description:
      'Time after which a WebSocket or TCP connection ends on which nothing happens, in milliseconds',
    default: 300_000,
    min: 100,
    max: 86_400_000,
  }),
});

export type SocketSettings = ConfigOf<typeof socketsConfig>;
