import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const CHECK_EVERY_MS = 100;
const CHECK_TIMEOUT_MS = 1_000;

interface Backend {
  readonly port: number;
  /** Connections stay open between requests: what a restart is hardest on. */
  readonly agent: Agent;
  isReady: boolean;
}

/**
 * A balancer as they all are: in turns, to those whose /ready says 200 when it is asked every tenth of a second. It sends
 * nothing twice, so that each request that a gateway drops is seen.
 */
export class Balancer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #backends: readonly Backend[];
  readonly #checks: Promise<void>[];
  #turn = 0;
  #isClosed = false;

  private constructor(server: Server, ports: readonly number[]) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#backends = ports.map((port) => ({ port, agent: new Agent({ keepAlive: true }), isReady: false }));
    this.#checks = this.#backends.map((backend) => this.#watch(backend));
    server.on('request', (incoming, response) => this.#pass(incoming, response));
  }

  static async before(ports: readonly number[]): Promise<Balancer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Balancer(server, ports);
  }

  /** Resolves once so many are ready. */
  async ready(count: number, limitMs = 30_000): Promise<void> {
    const limit = Date.now() + limitMs;
    while (this.#ready().length < count) {
      if (Date.now() > limit) throw new Error(`${count} gateways were not ready within ${limitMs / 1000} s`);
      await sleep(CHECK_EVERY_MS / 4);
    }
  }

  #ready(): Backend[] {
    return this.#backends.filter(({ isReady }) => isReady);
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const ready = this.#ready();
    const backend = ready[this.#turn++ % ready.length];
    if (!backend) {
      response.writeHead(502, { 'x-balancer': 'nobody is ready' }).end();
      return;
    }
    const { port, agent } = backend;
    const { method, url, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, agent, method, path: url, headers }, (answer) => {
      // Whether the connection behind goes on is nothing to the client.
      const { connection: _, 'keep-alive': __, ...own } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, own);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', (error: NodeJS.ErrnoException) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { 'x-balancer': `${port}: ${error.code ?? error.message}` }).end();
    });
    incoming.pipe(onward);
  }

  async #watch(backend: Backend): Promise<void> {
    while (!this.#isClosed) {
      const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
      backend.isReady = await fetch(`http://127.0.0.1:${backend.port}/ready`, { signal }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.ok;
        },
        () => false,
      );
      await sleep(CHECK_EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#checks);
    this.#server.close();
    this.#server.closeAllConnections();
    for (const { agent } of this.#backends) agent.destroy();
  }
}
