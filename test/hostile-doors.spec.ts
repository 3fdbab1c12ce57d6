import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '#persistence';
import { certificate, databases, scratchFolder, sslSettings, type ScratchFolder } from '#testing';
import { ADMIN_KEY, bootGateway, useGateway, type TestGateway } from './support/gateway.ts';
import { head, RawConnection } from './support/raw-connection.ts';
import { WebSocketClient } from './support/socket-client.ts';

const MOST = 3;

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket.resume();
}

const handshake = (key: string) =>
  head('GET /ws', {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': 13,
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'mcp',
    authorization: `Bearer ${key}`,
  });

describe('the port of WebSockets', () => {
  const gateway = useGateway(databases[0]!, { env: { WS_MAX_CONNECTIONS: String(MOST) } });
  const port = () => gateway().gateway.webSocketPort!;
  const open: WebSocketClient[] = [];
  afterEach(async () => {
    for (const client of open) client.drop();
    await Promise.all(open.splice(0).map((client) => client.over));
  });

  it('has a place for the next client when others have gone in the middle of their handshakes', async () => {
    const keys = await Promise.all(Array.from({ length: MOST }, () => gateway().createKey()));
    const sockets = await Promise.all(keys.map(() => connected(port())));
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

describe('the TCP port, with TLS', () => {
  let folder: ScratchFolder;
  let booted: TestGateway;
  beforeAll(async () => {
    folder = await scratchFolder();
    const env = {
      ...sslSettings(folder.path, await certificate()),
      MAX_CONNECTIONS_PER_ADDRESS: String(MOST),
    };
    booted = await bootGateway(databases[0]!, { env });
  }, 600_000);
  afterAll(async () => {
    await booted.close();
    await folder.remove();
  });

  it('has no more places for those who never shake hands than for others, and has them again', async () => {
    const port = booted.gateway.tcpPort!;
    const sockets = await Promise.all(Array.from({ length: 4 * MOST }, () => connected(port)));
    await expect.poll(() => sockets.filter(({ closed }) => !closed).length).toBe(MOST);
    for (const socket of sockets) socket.resetAndDestroy();
    const isKept = async () => {
      const socket = await connected(port);
      await setTimeout(50);
      const { closed } = socket;
      socket.destroy();
      return !closed;
    };
    await expect.poll(isKept).toBe(true);
  });
});

describe('a gateway that ends waits for nobody who has not come in', () => {
  it.each([
    ['at the port of WebSockets', false],
    ['at ports with TLS', true],
  ])('%s', async (_, isSecure) => {
    await using folder = await scratchFolder();
    const env = isSecure ? sslSettings(folder.path, await certificate()) : {};
    const booted = await bootGateway(databases[0]!, { env });
    const { webSocketPort, tcpPort } = booted.gateway;
    const sockets = await Promise.all([webSocketPort!, tcpPort!].map(connected));
    if (!isSecure) for (const socket of sockets) socket.write('GET /ws HT');
    await setTimeout(50);
    const began = performance.now();
    await booted.close();
    expect(performance.now() - began).toBeLessThan(5_000);
    for (const socket of sockets) socket.destroy();
  });
});
