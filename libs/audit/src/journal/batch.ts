import type { SecurityLog } from '../sinks/security-logs.ts';

/** So that one batch never holds the event loop for more than some milliseconds. */
const MAX_RECORDS = 2048;

/** Records that become durable together. Whoever waits for one of them waits for the same promise. */
export class Batch {
  readonly bodies: string[] = [];
  readonly logs: (SecurityLog | undefined)[] = [];
  readonly safe: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  bytes = 0;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Nobody needs to wait: with relaxed durability nobody does.
    promise.catch(() => {});
    this.safe = promise;
    this.resolve = resolve;
    this.reject = reject;
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
