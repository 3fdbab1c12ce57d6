import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { boundServer, refuseBytes, serverOptions, type HttpSettings } from './server-bounds.ts';

/** A second port into the same routes and the same pipeline, for operators: metrics and detailed health. */
export class ManagementListener {
  #server: Server | undefined;

  /** Whether the request came in at the management port. */
  owns = (request: FastifyRequest): boolean =>
    this.#server !== undefined && request.raw.socket.localPort === this.port;

  get port(): number | undefined {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : undefined;
  }

  async listen(fastify: FastifyInstance, settings: HttpSettings): Promise<void> {
    const { host, managementPort: port } = settings;
    const server = createServer(serverOptions(settings), (request, response) =>
      fastify.routing(request, response),
    );
    boundServer(server, fastify, settings);
    server.on('clientError', (error, socket) => refuseBytes(error, socket as Socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
    this.#server = server;
  }

  closeAllConnections(): void {
    this.#server?.closeAllConnections();
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
