import type { Call, Operation } from '#call';

/** A method of a provider behind the whole pipeline. */
export interface Handler {
  readonly operation: Operation;
  /**
   * Walks the guards, the interceptors and then the method. The answer, or a promise of it where one of them made a
   * promise; throws, or rejects with, what any of them throws.
   */
  run(input: unknown, call: Call): unknown;
}
