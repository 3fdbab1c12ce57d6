import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { endings, type Ending } from '../socket-door/endings.ts';
import type { ServedConnection } from '../socket-door/served-connection.ts';
import { Vigil } from '../socket-door/vigil.ts';
import { WebSocketWire } from './websocket-wire.ts';

const LONG_MS = 600_000;
const PROBE_MS = 50;

describe('a WebSocket on which nothing is said', () => {
  let server: Server;
  let vigil: Vigil;
  const clients: WebSocket[] = [];
  const ended: Ending[] = [];
  let accept: ((one: { wire: WebSocketWire; socket: WebSocket }) => void) | undefined;
  /** The next, which is looked after by nobody else. */
  const accepted = () =>
    new Promise<{ wire: WebSocketWire; socket: WebSocket }>((resolve) => (accept = resolve));

  beforeAll(async () => {
    vigil = new Vigil({ timeoutMs: LONG_MS, idleMs: LONG_MS, probeMs: PROBE_MS });
    const sockets = new WebSocketServer({ noServer: true });
    server = createServer().on('upgrade', (request, stream, head) =>
      sockets.handleUpgrade(request, stream, head, (socket) => {
        const wire = new WebSocketWire(socket, stream);
        const served = {
          running: 0,
          lastActiveAt: Date.now(),
          end(ending: Ending) {
            ended.push(ending);
            wire.cut();
          },
        } as unknown as ServedConnection;
        wire.reader = { closed() {}, drained() {}, finished() {}, message() {}, refused() {} };
        if (accept) accept({ wire, socket });
        else wire.reader.closed = vigil.keep(served, wire);
        accept = undefined;
      }),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.terminate();
    ended.splice(0);
  });
  afterAll(() => {
    vigil.close();
    server.close();
  });

  function connect(autoPong: boolean): WebSocket {
    const { port } = server.address() as AddressInfo;
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong });
    clients.push(client.on('error', () => undefined));
    return client;
  }

  it('is asked for a sign of life, and ends when there is none', async () => {
    const client = connect(false);
    const pinged = once(client, 'ping');
    await once(client, 'close');
    await pinged;
    expect(ended).toEqual([endings.silent]);
  });

  it('goes on for as long as the other end gives one', async () => {
    const [{ wire, socket }] = await Promise.all([accepted(), once(connect(true), 'open')]);
    for (let time = 0; time < 3; time++) {
      const pong = once(socket, 'pong');
      expect(wire.probe()).toBe(true);
      await pong;
    }
  });
});
