import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const NANOSECONDS = 1e6;

/** How late the event loop is. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#histogram.enable();
  }

  /** The 90th percentile since the last time, in milliseconds: one long pause, as of a garbage collection, is not it. */
  take(): number {
    const delay = this.#histogram.count === 0 ? 0 : this.#histogram.percentile(90) / NANOSECONDS;
    this.#histogram.reset();
    return Math.max(0, delay - RESOLUTION_MS);
  }

  close(): void {
    this.#histogram.disable();
  }
}
