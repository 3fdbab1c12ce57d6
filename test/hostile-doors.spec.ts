import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { databases } from '#testing';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';
import { head, RawConnection } from './support/raw-connection.ts';
import { WebSocketClient } from './support/socket-client.ts';

const MOST = 3;

describe('the port of WebSockets', () => {
  const gateway = useGateway(databases[0]!, { env: { WS_MAX_CONNECTIONS: String(MOST) } });
  const port = () => gateway().gateway.webSocketPort!;
  const open: WebSocketClient[] = [];
  afterEach(async () => {
    for (const client of open) client.drop();
    await Promise.all(open.splice(0).map((client) => client.over));
  });

  const connected = async () => {
    const socket = connect(port(), '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const handshake = (key: string) =>
    head('GET /ws', {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': 13,
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'mcp',
      authorization: `Bearer ${key}`,
    });

  it('has a place for the next client when others have gone in the middle of their handshakes', async () => {
    const keys = await Promise.all(Array.from({ length: MOST }, () => gateway().createKey()));
    const sockets = await Promise.all(keys.map(() => connected()));
    // Nobody's key can be looked up meanwhile.
    await gateway()
      .gateway.app.get(Database)
      .kysely.transaction()
      .execute(async (transaction) => {
        await sql`lock table api_keys in access exclusive mode`.execute(transaction);
        for (const [index, key] of keys.entries()) sockets[index]!.write(handshake(key));
        await setTimeout(50);
        for (const socket of sockets) socket.resetAndDestroy();
        await setTimeout(50);
      });
    await expect
      .poll(async () => {
        const client = await WebSocketClient.open(`ws://127.0.0.1:${port()}/ws`, { key: ADMIN_KEY });
        open.push(client);
        return open.length;
      })
      .toBe(MOST);
  });

  it('serves nothing else, whatever a request expects', async () => {
    const raw = await RawConnection.open(`http://127.0.0.1:${port()}`);
    raw.send(head('GET /health', { expect: 'the-unexpected' }));
    const answer = await raw.answer();
    raw.drop();
    expect(answer).toMatchObject({ status: 426 });
  });
});
