import type { Server } from 'node:http';
import type { Server as NetServer } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BlockGate } from '#blocking';
import type { ConfigOf } from '#config';
import type { ConnectionCaps } from '#connections';
import {
  boundServer,
  Doorstep,
  httpServerFactory,
  netServerFactory,
  serverOptions,
  socketsConfig,
  type CorsHeaders,
  type OriginPolicy,
  type SocketDoor,
  type TcpDoor,
  type TlsContexts,
  type WebSocketDoor,
} from '#transport';
import { drain } from './drain.ts';
import { socketDoorOf, tcpDoorOf, webSocketDoorOf, type HttpSettings } from './socket-doors.ts';

export interface LastingDoorsOptions {
  readonly app: NestFastifyApplication;
  readonly config: HttpSettings;
  readonly tls: TlsContexts;
  readonly caps: ConnectionCaps;
  readonly origins: OriginPolicy;
  readonly cors: CorsHeaders;
  /** Time that the calls under way get when the program ends, in milliseconds. */
  readonly drainMs: number;
}

/** The doors where a connection lasts: WebSocket and TCP. */
export class LastingDoors {
  readonly #options: LastingDoorsOptions;
  readonly #settings: ConfigOf<typeof socketsConfig>;
  readonly #door: SocketDoor;
  readonly #webSocket: WebSocketDoor;
  readonly #tcp: TcpDoor;
  readonly #servers: NetServer[] = [];
  #closed: Promise<void> | undefined;

  constructor(options: LastingDoorsOptions) {
    const { app, config } = options;
    this.#options = options;
    this.#settings = app.get(socketsConfig.KEY);
    this.#door = socketDoorOf(app, config, this.#settings);
    const parts = { ...options, door: this.#door };
    this.#webSocket = webSocketDoorOf(parts);
    this.#tcp = tcpDoorOf(parts);
  }

  get webSocketPort(): number | undefined {
    return this.#webSocket.port;
  }

  get tcpPort(): number | undefined {
    return this.#tcp.port;
  }

  /** Opens /ws on the API's server. */
  serve(server: Server): void {
    if (this.#settings.wsPort !== 0) this.#webSocket.serve(server);
  }

  async listen(): Promise<void> {
    const { config, tls } = this.#options;
    const { wsPort, tcpPort } = this.#settings;
    const { host } = config;
    if (wsPort !== 0) {
      const options = serverOptions(config);
      const create = httpServerFactory(tls);
      await this.#webSocket.listen({ host, port: wsPort, options }, (server) => this.#bound(server), create);
    }
    if (tcpPort !== 0)
      await this.#tcp.listen(host, tcpPort, (options) => this.#made(netServerFactory(tls)(options)));
  }

  /** Takes in nobody any more, and asks all to go. */
  shut(): void {
    this.#door.shut();
  }

  /** Resolves when all have gone, and each call and each end is on record. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.shut();
    const listeners = Promise.all([this.#webSocket.close(), this.#tcp.close()]);
    await drain(this.#door, this.#options.drainMs);
    await this.#door.close();
    // What is left has not come as far as a call: half a request, or half a handshake.
    this.#webSocket.cut();
    for (const server of this.#servers) this.#options.tls.cut(server);
    await listeners;
  }

  #made<S extends NetServer>(server: S): S {
    this.#servers.push(server);
    return server;
  }

  #bound(server: Server): void {
    const { app, config, caps } = this.#options;
    app.get(Doorstep).guard(this.#made(server), app.get(BlockGate), caps);
    boundServer(server, config);
  }
}
