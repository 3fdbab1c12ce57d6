import { GatehouseError } from '#errors';

/** How late a deadline may be noticed, as a part of its length. */
const RESOLUTION = 20;
const LEAST_STEP_MS = 5;

/**
 * Finds the calls that take too long (SUP-11). One clock looks after all: they are kept in the order in which they came,
 * which is that of their deadlines, so it only ever looks at the oldest. A timer and an AbortController for each request,
 * as Fastify's `handlerTimeout` makes them, took a tenth of the time of a small call.
 */
export class Deadlines<T> {
  readonly #until = new Map<T, number>();
  readonly #clock: NodeJS.Timeout;
  readonly #limitMs: number;
  readonly #late: (waiting: T, error: GatehouseError) => void;

  constructor(limitMs: number, late: (waiting: T, error: GatehouseError) => void) {
    this.#limitMs = limitMs;
    this.#late = late;
    this.#clock = setInterval(() => this.#expire(), Math.max(LEAST_STEP_MS, limitMs / RESOLUTION)).unref();
  }

  start(waiting: T): void {
    this.#until.set(waiting, performance.now() + this.#limitMs);
  }

  /** The answer is on its way: a stream may go on for as long as its client reads. */
  end(waiting: T): void {
    this.#until.delete(waiting);
  }

  close(): void {
    clearInterval(this.#clock);
  }

  #expire(): void {
    const now = performance.now();
    for (const [waiting, until] of this.#until) {
      if (until > now) return;
      this.#until.delete(waiting);
      this.#late(
        waiting,
        new GatehouseError('TIMED_OUT', 'The call took longer than REQUEST_TIMEOUT_MS allows'),
      );
    }
  }
}
