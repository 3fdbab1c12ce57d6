import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Call, Outcome, Settlement } from '#call';
import type { Exchange, Outlet } from '#mcp';
import { SseOutlet, type KeepAlive } from './sse-outlet.ts';

/** What the exchanges of one door share. */
export interface ExchangeTools {
  readonly keepAlive: KeepAlive;
  readonly settlement: Pick<Settlement, 'settle'>;
}

/** What HTTP lends to one message: its headers, and a stream in place of the answer. */
export class HttpExchange implements Exchange {
  /** The answer is a stream, and goes by it. */
  streaming = false;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #tools: ExchangeTools;

  constructor(request: FastifyRequest, reply: FastifyReply, tools: ExchangeTools) {
    this.#request = request;
    this.#reply = reply;
    this.#tools = tools;
  }

  /** A header that comes twice has the value of neither. */
  header = (name: string): string | undefined => {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };

  /** The door settles the call before the first byte of the stream leaves, as before that of any answer. */
  openStream(): Outlet | undefined {
    // The client has gone, or the time was up first.
    if (this.#request.answered || this.#request.call.signal.aborted) return undefined;
    this.streaming = true;
    const outlet = new SseOutlet();
    this.#tools.keepAlive.watch(outlet);
    // An answer that can't be recorded is none: then nobody reads this stream, and it ends with the response.
    this.#reply.raw.once('close', () => outlet.body.destroy());
    // Too much was said before the first byte could leave: there is no answer left to begin with.
    void outlet.closed.then(() => this.#reply.raw.headersSent || this.#reply.raw.destroy());
    void this.#reply
      .code(200)
      .headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
      .send(outlet.body);
    return outlet;
  }

  record(call: Call, outcome: Outcome): Promise<unknown> {
    return this.#tools.settlement.settle(call, outcome);
  }

  outliveConnection(): void {
    this.#request.outlivesConnection = true;
  }
}
