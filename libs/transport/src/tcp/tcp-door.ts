import { createServer, type Server, type Socket } from 'node:net';
import type { NetServerFactory } from '../tls/server-factories.ts';
import type { Call } from '#call';
import type { ConnectionCaps, Release } from '#connections';
import type { DoorTokens } from '#identity';
import { endings } from '../socket-door/endings.ts';
import { LineWire } from '../socket-door/line-wire.ts';
import type { SocketDoor } from '../socket-door/socket-door.ts';
import { TcpGreeting } from './tcp-greeting.ts';

/** A client says who it is with its first message: it has it at hand. */
const LONGEST_GREETING_MS = 10_000;
/** Of a line of somebody unknown: a token is a few kilobytes at most. */
const MOST_GREETING_BYTES = 16_384;
const KEEP_ALIVE_MS = 30_000;

export interface TcpDoorOptions {
  readonly door: SocketDoor;
  readonly caps: ConnectionCaps;
  readonly tokens: Pick<DoorTokens, 'exchange'>;
  readonly maxMessageBytes: number;
  /** Sockets at most, those that have not said yet who they are included. */
  readonly mostSockets: number;
}

/** Newline-delimited JSON-RPC over TCP (MAD-3). */
export class TcpDoor {
  readonly #options: TcpDoorOptions;
  #server: Server | undefined;
  #isSecure = false;
  /** Oldest first. */
  readonly #greeting = new Set<Socket>();
  readonly #sockets = new Set<Socket>();

  constructor(options: TcpDoorOptions) {
    this.#options = options;
  }

  /** `host:port` where it listens. */
  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  async listen(host: string, port: number, create: NetServerFactory = createServer): Promise<void> {
    // The client may say that it has no more to ask, and still read the answers.
    const options = {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    };
    const server = create(options, (socket) => this.#accept(socket));
    // With TLS it is accepted once it has shaken hands, which a stranger need never do.
    this.#isSecure = 'setSecureContext' in server;
    if (this.#isSecure) server.on('connection', (socket: Socket) => void this.#enter(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    this.#server = server;
  }

  /** A connection on which nothing has been said yet. */
  #accept(socket: Socket): void {
    if (!this.#isSecure && !this.#enter(socket)) return;
    const address = socket.remoteAddress;
    // A client that goes away in the middle has no name for it.
    socket.on('error', () => socket.destroy());
    if (address === undefined || this.#options.door.isClosing) return void socket.destroy();
    socket.once('close', () => this.#greeting.delete(socket));
    this.#greet(socket, address);
  }

  /** Says whether there is a place for it. */
  #enter(socket: Socket): boolean {
    const { door, caps } = this.#options;
    const { remoteAddress: address } = socket;
    const isCut = address === undefined || door.services.blocks.cuts(address);
    const release = isCut ? undefined : this.#makeRoom() && caps.take(address);
    if (!release) {
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      release();
    });
    return true;
  }

  /** Accepts nobody any more. */
  async close(): Promise<void> {
    for (const socket of this.#greeting) socket.destroy();
    const server = this.#server;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.#server = undefined;
  }

  /** Whoever has not said who he is makes room for the next: a flood of such must not lock out those who do. */
  #makeRoom(): boolean {
    if (this.#sockets.size < this.#options.mostSockets) return true;
    const [oldest] = this.#greeting;
    if (!oldest) return true; // All are known: the next may say who he is, and is told that there are too many.
    this.#greeting.delete(oldest);
    oldest.destroy();
    return true;
  }

  #greet(socket: Socket, address: string): void {
    const { door, caps, tokens, maxMessageBytes } = this.#options;
    const { services } = door;
    const id = services.connections.newId();
    const wire = new LineWire({
      readable: socket,
      writable: socket,
      maxBytes: Math.min(MOST_GREETING_BYTES, maxMessageBytes),
    });
    let place: Release | undefined;
    this.#greeting.add(socket);
    const late = setTimeout(() => wire.cut(), Math.min(LONGEST_GREETING_MS, door.timeoutMs)).unref();
    const greeting = new TcpGreeting({
      wire,
      address,
      id,
      services,
      credentialOf: (token) => tokens.exchange('tcp', token),
      admit: () => (place = caps.takeDoor('tcp')) !== undefined,
      welcome: (call, early) => {
        clearTimeout(late);
        this.#greeting.delete(socket);
        wire.allow(maxMessageBytes);
        this.#welcome(wire, call, id);
        for (const bytes of early) wire.reader.message(bytes);
      },
    });
    wire.reader = greeting;
    socket.once('close', () => {
      clearTimeout(late);
      place?.();
    });
  }

  #welcome(wire: LineWire, call: Call, id: string): void {
    const { door } = this.#options;
    const { settlement, audit } = door.services;
    const { address, principal, authorization } = call;
    const exchange = { record: settlement.settle.bind(settlement) };
    void door.serve(wire, {
      id,
      door: 'tcp',
      address,
      principal,
      authorization,
      endsOnExcess: false,
      watched: { call, exchange },
    });
    void audit
      .event({
        event: 'connection_established',
        severity: 'LOW',
        result: 'allowed',
        door: 'tcp',
        ip: address,
        ...(principal && { principal }),
        notes: { connection: id },
      })
      .catch(() => wire.end(endings.left)); // The journal is down: no call of it would be answered either.
  }
}
