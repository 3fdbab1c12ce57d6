import type { Call, Operation } from '#call';

/** A method of a provider behind the whole pipeline. */
export interface Handler {
  readonly operation: Operation;
  /** Walks the guards, the interceptors and then the method. Rejects with what any of them throws. */
  run(input: unknown, call: Call): Promise<unknown>;
}
