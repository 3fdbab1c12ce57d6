import type { SecurityLog } from '../sinks/security-logs.ts';

/** So that one batch never holds the event loop for more than some milliseconds. */
const MAX_RECORDS = 2048;

/** Records that become durable together. Whoever waits for one of them waits for the same promise. */
export class Batch {
  readonly bodies: string[] = [];
  readonly logs: (SecurityLog | undefined)[] = [];
  readonly safe: Promise<void>;
  bytes = 0;
  #settled = false;
  readonly #promise = Promise.withResolvers<void>();

  constructor() {
    this.safe = this.#promise.promise;
    // Nobody needs to wait: with relaxed durability nobody does.
    this.safe.catch(() => {});
  }

  /** Whether its records were promised or refused already. */
  get settled(): boolean {
    return this.#settled;
  }

  resolve(): void {
    this.#settled = true;
    this.#promise.resolve();
  }

  reject(error: Error): void {
    this.#settled = true;
    this.#promise.reject(error);
  }

  get full(): boolean {
    return this.bodies.length >= MAX_RECORDS;
  }

  add(body: string, log: SecurityLog | undefined): void {
    this.bodies.push(body);
    this.logs.push(log);
    this.bytes += body.length;
  }
}
