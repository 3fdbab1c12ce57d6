import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { allowed, Call, refusedBy } from '#call';
import type { ConnectionCaps, Release } from '#connections';
import { GatehouseError } from '#errors';
import type { DoorTokens } from '#identity';
import { errorAnswer } from '#mcp';
import type { ThrottleSettings } from '#throttle';
import type { CorsHeaders } from '../http-server/cors-headers.ts';
import { contained } from '../contained.ts';
import { publicError } from '../http-server/http-error.ts';
import { OriginRefused, type OriginPolicy } from '../http-server/origin-policy.ts';
import type { ProtectedResourceMetadata } from '../http-server/protected-resource.ts';
import { holdsToken, TokenInUrl } from '../http-server/token-in-url.ts';
import { addressRefusal } from '../socket-door/address-refusal.ts';
import type { SocketDoor } from '../socket-door/socket-door.ts';
import type { CertificateEvidence } from '../tls/certificate-evidence.ts';
import type { HttpServerFactory } from '../tls/server-factories.ts';
import { authorizationOf, protocolsOf, SUBPROTOCOL } from './credentials.ts';
import { DoorHeaders } from './door-headers.ts';
import { requireHandshake } from './handshake-fault.ts';
import { messageBounds } from './message-bounds.ts';
import { deflateOptions, requireNegotiable } from './negotiation.ts';
import { refuseUpgrade } from './upgrade-refusal.ts';
import { WebSocketWire } from './websocket-wire.ts';

/** How long the other end may take to say farewell too, in milliseconds. Its types do not know of it yet. */
const CLOSING = { closeTimeout: 5_000 };
const PATHS = new Set(['/', '/ws']);

export interface WebSocketDoorOptions {
  readonly door: SocketDoor;
  readonly caps: ConnectionCaps;
  readonly tokens: Pick<DoorTokens, 'exchange'>;
  readonly certificates: Pick<CertificateEvidence, 'ofRequest'>;
  readonly origins: OriginPolicy;
  readonly metadata: ProtectedResourceMetadata;
  readonly limits: ThrottleSettings;
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cors: CorsHeaders;
  readonly maxMessageBytes: number;
  /** Whether the upgrade asks who it is. */
  readonly authenticates: boolean;
  readonly compresses: boolean;
  readonly addressOf: (request: IncomingMessage) => string;
}

/** MCP over WebSocket (MAD-2): on a port of its own, and at /ws of the API's. */
export class WebSocketDoor {
  readonly #options: WebSocketDoorOptions;
  readonly #sockets: WebSocketServer;
  readonly #headers: DoorHeaders;
  /** The call of each request that becomes a WebSocket just now. */
  readonly #upgrading = new WeakMap<IncomingMessage, Call>();
  #server: Server | undefined;

  constructor(options: WebSocketDoorOptions) {
    this.#options = options;
    this.#headers = new DoorHeaders(options);
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...CLOSING,
      ...messageBounds(options.maxMessageBytes),
      perMessageDeflate: deflateOptions(options.compresses),
      handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    });
    this.#sockets.on('headers', (lines, request) => {
      const call = this.#upgrading.get(request);
      if (call) lines.push(...this.#headers.linesOf(call, request.headers.origin));
    });
  }

  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  /** Where it has a port of its own. */
  async listen(
    { host, port, options }: { host: string; port: number; options: ServerOptions },
    bound: (server: Server) => void,
    create: HttpServerFactory = createServer,
  ): Promise<void> {
    const server = create(options, (request, response) =>
      contained(
        () => this.#answer(request, response),
        () => request.socket.destroy(),
      ),
    );
    bound(server);
    this.serve(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    this.#server = server;
  }

  /** Takes the upgrades of a server. */
  serve(server: Server): void {
    server.on('upgrade', (request, socket, head) =>
      contained(
        () => this.#upgrade(request, socket, head),
        () => socket.destroy(),
      ),
    );
  }

  /** Accepts nobody any more. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server) {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
    }
    this.#server = undefined;
  }

  /** Ends what has not become a WebSocket: whoever trickles a request would hold `close` up for as long as he likes. */
  cut(): void {
    this.#server?.closeAllConnections();
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const { door, caps } = this.#options;
    const call = this.#callOf(request);
    const places: Release[] = [];
    const id = door.services.connections.newId();
    try {
      await this.#admit(request, call);
      // Its end has been told by now: a place that is taken from here on would never be given back.
      if (socket.destroyed) throw new GatehouseError('CANCELLED', 'The client has gone');
      places.push(...this.#places(request, call, caps));
      socket.once('close', () => places.forEach((release) => release()));
      call.note('connection', id);
      await door.services.settlement.settle(call, allowed(call, 101));
      if (door.isClosing) throw new GatehouseError('UNAVAILABLE', 'The server is shutting down');
    } catch (error) {
      places.forEach((release) => release());
      refuseUpgrade(socket, await this.#refusal(error, call, request));
      return;
    }
    this.#upgrading.set(request, call);
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#welcome(webSocket, socket, call, id),
    );
  }

  /** What comes to the port and wants no WebSocket. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = this.#callOf(request);
    const { door, origins } = this.#options;
    const refusal = await addressRefusal(door.services.blocks, call);
    const error = origins.allows(request.headers.origin)
      ? new GatehouseError('UPGRADE_REQUIRED', 'Here is a WebSocket: open it with subprotocol mcp')
      : new OriginRefused();
    const { status, headers, body } = await this.#refusal(refusal ?? error, call, request);
    const type = {
      'content-type': 'application/json; charset=utf-8',
      upgrade: 'websocket',
      connection: 'close',
    };
    response.writeHead(status, { ...headers, ...type }).end(body);
  }

  /** In the order of requirements 8. Throws what the client is refused with. */
  async #admit(request: IncomingMessage, call: Call): Promise<void> {
    const { door, origins, authenticates, compresses } = this.#options;
    const { blocks, handshakes } = door.services;
    const refusal = await addressRefusal(blocks, call);
    if (refusal) throw refusal;
    if (!origins.allows(request.headers.origin)) throw new OriginRefused();
    const url = request.url ?? '/';
    if (holdsToken(url)) throw new TokenInUrl();
    if (!PATHS.has(url.split('?', 1)[0]!)) throw new GatehouseError('NOT_FOUND', 'The WebSocket is at /ws');
    const protocols = protocolsOf(request);
    if (protocols.length > 0 && !protocols.includes(SUBPROTOCOL))
      throw new GatehouseError('INVALID_REQUEST', 'Offer the subprotocol mcp');
    requireHandshake(request);
    requireNegotiable(request, compresses);
    await handshakes.walk(authenticates ? 'open' : 'openUnknown', call);
  }

  #places(request: IncomingMessage, { address }: Call, caps: ConnectionCaps): Release[] {
    const place = caps.takeDoor('ws');
    // Behind a proxy the socket that was counted is not the client's.
    const isForwarded = address !== request.socket.remoteAddress;
    const own = place && isForwarded ? caps.takeAddress(address) : place && (() => undefined);
    if (place && own) return [place, own];
    place?.();
    throw new GatehouseError('TOO_MANY_CONNECTIONS', 'Too many connections');
  }

  #callOf(request: IncomingMessage): Call {
    const { addressOf, tokens, certificates } = this.#options;
    const call = new Call({
      door: 'ws',
      address: addressOf(request),
      authorization: authorizationOf(request, tokens),
      clientCertificate: certificates.ofRequest(request.socket, request.headers),
    });
    call.target = 'upgrade';
    return call;
  }

  async #refusal(thrown: unknown, call: Call, request: IncomingMessage) {
    const { door, metadata } = this.#options;
    const { settlement, blocks } = door.services;
    let answer = errorAnswer(publicError(thrown), call);
    const outcome = answer.outcome ?? refusedBy(thrown);
    call.settled ||= outcome.result === 'refused' && blocks.absorbs(call);
    try {
      await settlement.settle(call, outcome);
    } catch (error) {
      answer = errorAnswer(error, call);
    }
    const challenge = metadata.challenge(call, outcome);
    return {
      status: answer.status,
      headers: {
        ...this.#headers.of(call, request.headers.origin),
        ...(challenge !== undefined && { 'www-authenticate': challenge }),
      },
      body: answer.body ?? '',
    };
  }

  #welcome(webSocket: WebSocket, socket: Duplex, call: Call, id: string): void {
    const wire = new WebSocketWire(webSocket, socket);
    contained(
      () => this.#options.door.serve(wire, call, { id, endsOnExcess: true }),
      () => socket.destroy(),
    );
  }
}
