import type { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { TlsContexts } from '../tls/tls-contexts.ts';
import { httpServerFactory } from '../tls/server-factories.ts';
import { Doorstep } from './doorstep.ts';
import { boundServer, serverOptions, type HttpSettings } from './server-bounds.ts';

/** A second port into the same routes and the same pipeline, for operators: metrics and detailed health. */
@Injectable()
export class ManagementListener {
  #server: Server | undefined;

  constructor(
    private readonly tls: TlsContexts,
    private readonly doorstep: Doorstep,
  ) {}

  /** Whether the request came in at the management port. */
  owns = (request: FastifyRequest): boolean =>
    this.#server !== undefined && request.raw.socket.localPort === this.port;

  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  async listen(fastify: FastifyInstance, settings: HttpSettings): Promise<void> {
    const { host, managementPort: port } = settings;
    const handler = (...exchange: Parameters<typeof fastify.routing>): void => fastify.routing(...exchange);
    // Probes come here, and those of Kubernetes have no certificate.
    const server = httpServerFactory(this.tls, { optional: true })(serverOptions(settings), handler);
    boundServer(server, settings);
    this.doorstep.watch(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    this.#server = server;
  }

  closeAllConnections(): void {
    if (!this.#server) return;
    this.#server.closeAllConnections();
    this.tls.cut(this.#server);
  }

  /** Resolves when what runs has ended. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    this.#server = undefined;
  }
}
