import { afterEach, describe, expect, it } from 'vitest';
import { databases } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { useGateway } from './support/gateway.ts';
import { refusedUpgrade, WebSocketClient } from './support/socket-client.ts';

const TOKEN = 'ws-token-0123456789-abcdefghijklmnopq';
const gateway = useGateway(databases[0]!, { features: [EchoModule], env: { WS_AUTH_TOKEN: TOKEN } });
const open: WebSocketClient[] = [];
afterEach(() => open.splice(0).forEach((client) => client.drop()));

const url = (path = '/ws') => `ws://127.0.0.1:${gateway().gateway.webSocketPort}${path}`;
async function connected(options?: Parameters<typeof WebSocketClient.open>[1], at = url()) {
  const client = await WebSocketClient.open(at, options);
  open.push(client);
  return client;
}

describe('a WebSocket', () => {
  it('carries a tool call and its answer', async () => {
    const client = await connected({ key: await gateway().createKey() });
    expect(client.socket.protocol).toBe('mcp');
    const answer = await client.request('tools/call', { name: 'echo', arguments: { text: 'hello' } });
    expect(answer).toMatchObject({ result: { structuredContent: { text: 'hello' } } });
  });

  it('is at /ws of the API too', async () => {
    const client = await connected({ key: TOKEN }, `${gateway().client.url.replace('http', 'ws')}/ws`);
    expect(await client.request('ping')).toMatchObject({ result: {} });
  });

  it('is refused without a credential', async () => {
    expect((await refusedUpgrade(url())).status).toBe(401);
  });
});
