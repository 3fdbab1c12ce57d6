import type { Call } from '#call';

/**
 * What an answer depends on beside its input, as a text that changes whenever that does. It is asked before each look into
 * the cache, so it is where the truth is: beside the data, read in one cheap step. With one, a change shows at once in every
 * replica, whether or not Valkey can be reached.
 */
export abstract class Revision {
  /** Rejects where it can't be known: the call then goes to its handler. */
  abstract current(call: Call): Promise<string> | string;
}
