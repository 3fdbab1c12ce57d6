import { createServer, type Server, type Socket } from 'node:net';
import type { Call } from '#call';
import type { ConnectionCaps, Release } from '#connections';
import type { DoorTokens } from '#identity';
import { contained } from '../contained.ts';
import type { Doorstep } from '../http-server/doorstep.ts';
import { endings } from '../socket-door/endings.ts';
import { LineWire } from '../socket-door/line-wire.ts';
import type { SocketDoor } from '../socket-door/socket-door.ts';
import type { CertificateEvidence } from '../tls/certificate-evidence.ts';
import { peersOf } from '../tls/peers-of.ts';
import type { NetServerFactory } from '../tls/server-factories.ts';
import { TcpGreeting } from './tcp-greeting.ts';

/** A client says who it is with its first message: it has it at hand. Its handshake of TLS is part of that time. */
const LONGEST_GREETING_MS = 10_000;
/** Of a line of somebody unknown: a token is a few kilobytes at most. */
const MOST_GREETING_BYTES = 16_384;
const KEEP_ALIVE_MS = 30_000;

export interface TcpDoorOptions {
  readonly door: SocketDoor;
  readonly caps: ConnectionCaps;
  readonly doorstep: Pick<Doorstep, 'note'>;
  readonly tokens: Pick<DoorTokens, 'exchange'>;
  readonly certificates: Pick<CertificateEvidence, 'ofSocket'>;
  readonly maxMessageBytes: number;
  /** Sockets at most, those that have not said yet who they are included. */
  readonly mostSockets: number;
}

/** A connection that has not said yet whose it is. */
interface Arrival {
  /** As it was accepted: below TLS, where there is TLS. */
  readonly socket: Socket;
  readonly address: string;
  /** Its time is up. */
  readonly late: NodeJS.Timeout;
}

/** Newline-delimited JSON-RPC over TCP (MAD-3). */
export class TcpDoor {
  readonly #options: TcpDoorOptions;
  #server: Server | undefined;
  /** Oldest first, by who they are with. */
  readonly #arrivals = new Map<string, Arrival>();
  readonly #sockets = new Set<Socket>();

  constructor(options: TcpDoorOptions) {
    this.#options = options;
  }

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
    const server = create(options);
    server.on(
      'connection',
      safely((socket) => this.#arrive(socket)),
    );
    // With TLS it has hands to shake before it can say a word: it counts from the beginning all the same.
    server.on(
      'setSecureContext' in server ? 'secureConnection' : 'connection',
      safely((socket) => this.#accept(socket)),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    this.#server = server;
  }

  /** A connection on which not a byte has come yet. */
  #arrive(socket: Socket): void {
    const { door, caps, doorstep } = this.#options;
    const address = socket.remoteAddress;
    // A client that goes away in the middle has no name for it.
    socket.on('error', () => socket.destroy());
    if (address === undefined || door.isClosing || door.services.blocks.cuts(address))
      return void socket.destroy();
    this.#makeRoom();
    const release = caps.take(address);
    if (!release) return void socket.destroy();
    const peers = peersOf(socket);
    const patienceMs = Math.min(LONGEST_GREETING_MS, door.timeoutMs);
    const late = setTimeout(() => {
      doorstep.note(socket, 'slow');
      socket.destroy();
    }, patienceMs).unref();
    this.#sockets.add(socket);
    this.#arrivals.set(peers, { socket, address, late });
    socket.once('close', () => {
      clearTimeout(late);
      this.#sockets.delete(socket);
      if (this.#arrivals.get(peers)?.socket === socket) this.#arrivals.delete(peers);
      release();
    });
  }

  /** A connection that can be spoken on, which is another object than the one that arrived where there is TLS. */
  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const peers = peersOf(socket);
    const arrival = this.#arrivals.get(peers);
    if (!arrival || socket.destroyed) return void socket.destroy();
    this.#greet(socket, arrival.address, () => {
      clearTimeout(arrival.late);
      this.#arrivals.delete(peers);
    });
  }

  /** Accepts nobody any more. */
  async close(): Promise<void> {
    for (const { socket } of this.#arrivals.values()) socket.destroy();
    const server = this.#server;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
    this.#server = undefined;
  }

  /** Whoever has not said who he is makes room for the next: a flood of such must not lock out those who do. */
  #makeRoom(): void {
    if (this.#sockets.size < this.#options.mostSockets) return;
    const [oldest] = this.#arrivals;
    if (!oldest) return; // All are known: the next may say who he is, and is told that there are too many.
    const [peers, { socket }] = oldest;
    this.#arrivals.delete(peers);
    this.#options.doorstep.note(socket, 'excess');
    socket.destroy();
  }

  /** @param known is called once it has said whose it is */
  #greet(socket: Socket, address: string, known: () => void): void {
    const { door, caps, tokens, certificates, maxMessageBytes } = this.#options;
    const { services } = door;
    const id = services.connections.newId();
    const wire = new LineWire({
      readable: socket,
      writable: socket,
      maxBytes: Math.min(MOST_GREETING_BYTES, maxMessageBytes),
    });
    let place: Release | undefined;
    const greeting = new TcpGreeting({
      wire,
      address,
      clientCertificate: certificates.ofSocket(socket),
      id,
      services,
      credentialOf: (token) => tokens.exchange('tcp', token),
      allowMore: () => wire.allow(maxMessageBytes),
      admit: () => (place = caps.takeDoor('tcp')) !== undefined,
      welcome: (call, early) => {
        known();
        this.#welcome(wire, call, id);
        for (const bytes of early) wire.reader.message(bytes);
      },
    });
    wire.reader = greeting;
    socket.once('close', () => place?.());
  }

  #welcome(wire: LineWire, call: Call, id: string): void {
    const { door } = this.#options;
    const { address, principal } = call;
    contained(
      () => door.serve(wire, call, { id }),
      () => wire.cut(),
    );
    void door.services.audit
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

/** A listener whose fault ends its own socket alone. */
function safely(work: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) =>
    contained(
      () => work(socket),
      () => socket.destroy(),
    );
}
