import type { LogLevel } from '#call';
import type { Params } from '../wire/message.ts';

/** What a session is, wherever its requests are served: JSON. */
export interface SessionState {
  readonly id: string;
  /** Whose it is: nobody else may use it, or learn that it is there. */
  readonly principalId: string;
  readonly revision: string;
  /** What the client has declared that it can do. */
  readonly capabilities: Params;
  /** The mildest messages of the log that it wants; none until it says so. */
  readonly logLevel?: LogLevel;
  /** URIs of the resources whose changes it wants to hear of. */
  readonly subscriptions: readonly string[];
}

type Eventually<T> = T | Promise<T>;

/** Keeps the sessions of clients of 2025. Answers at once where it can: it is asked at every message. */
export abstract class SessionStore {
  /**
   * Keeps a new session. Of a client that has as many as it may, the one that rested longest ends; so does that of all
   * clients, where they have too many together. Returns the id of the one that ended.
   */
  abstract add(state: SessionState): Eventually<string | undefined>;
  /** Counts as a use of it. */
  abstract find(id: string): Eventually<SessionState | undefined>;
  abstract change(id: string, change: Partial<SessionState>): Eventually<void>;
  abstract remove(id: string): Eventually<void>;
  /** Ends what was not used for too long, and says which. */
  abstract expire(): Eventually<readonly string[]>;
}
