import { defineConfig, setting } from '#config';

export const doorTokensConfig = defineConfig('door-tokens', {
  ws: setting.secret({
    env: 'WS_AUTH_TOKEN',
    description:
      'A token that opens the WebSocket, and no other door, as a principal of role service; API keys and access tokens do too',
    minLength: 32,
  }),
  tcp: setting.secret({
    env: 'TCP_AUTH_TOKEN',
    description:
      'A token that opens the TCP port, and no other door, as a principal of role service; API keys and access tokens do too',
    minLength: 32,
  }),
});
