import { createServer, type Server } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { serverOptions } from './gatehouse-adapter.ts';

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

  async listen(fastify: FastifyInstance, { host, port }: { host: string; port: number }): Promise<void> {
    const server = createServer(serverOptions, (request, response) => fastify.routing(request, response));
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
