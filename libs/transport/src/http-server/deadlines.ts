import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatehouseError } from '#errors';

/** How late a deadline may be noticed, as a part of its length. */
const RESOLUTION = 20;
const LEAST_STEP_MS = 5;

interface Waiting {
  readonly until: number;
  readonly reply: FastifyReply;
}

/**
 * Answers for handlers that take too long (SUP-11). One clock looks after all requests: they are kept in the order in
 * which they came, which is that of their deadlines, so it only ever looks at the oldest. A timer and an AbortController
 * for each request, as Fastify's `handlerTimeout` makes them, took a tenth of the time of a small call.
 */
export class Deadlines {
  readonly #waiting = new Map<FastifyRequest, Waiting>();
  readonly #clock: NodeJS.Timeout;
  readonly #limitMs: number;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#clock = setInterval(() => this.#expire(), Math.max(LEAST_STEP_MS, limitMs / RESOLUTION)).unref();
  }

  start(request: FastifyRequest, reply: FastifyReply): void {
    this.#waiting.set(request, { until: performance.now() + this.#limitMs, reply });
  }

  /** The answer is on its way: a stream may go on for as long as its client reads. */
  end(request: FastifyRequest): void {
    this.#waiting.delete(request);
  }

  close(): void {
    clearInterval(this.#clock);
  }

  #expire(): void {
    const now = performance.now();
    for (const [request, { until, reply }] of this.#waiting) {
      if (until > now) return;
      this.#waiting.delete(request);
      const late = new GatehouseError('TIMED_OUT', 'The call took longer than REQUEST_TIMEOUT_MS allows');
      // What still comes of a body that came too slowly is not waited for.
      if (!request.raw.complete) void reply.header('connection', 'close');
      void reply.send(late);
      // After the answer: a handler that heeds it at once has none of its own to give any more.
      request.call.cancel(late);
    }
  }
}
