import type { Call } from './call.ts';

/** Severities of RFC 5424, mildest first. */
export const logLevels = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const;
export type LogLevel = (typeof logLevels)[number];

export interface Progress {
  /** How far it is; larger each time. */
  progress: number;
  /** Where it ends, in the same unit. */
  total?: number;
  /** For people. */
  message?: string;
}

/** The one who called, to be spoken to before the answer. What it did not ask to hear, or can't hear, is not said. */
export abstract class Peer {
  abstract progress(update: Progress): void;
  /** The data is any JSON value; secrets in it are masked. */
  abstract log(level: LogLevel, data: unknown, logger?: string): void;
}

class SilentPeer extends Peer {
  progress(): void {}
  log(): void {}
}

/** Where a door has no way to speak before the answer. */
export const silentPeer: Peer = new SilentPeer();

/** The door's side of a call. */
export interface Caller {
  /**
   * Checks what can only be checked of a caller that is known and allowed, such as whose session it is: after the last
   * guard, before the handler. Throws a GatehouseError to refuse.
   */
  admit(call: Call): Promise<void> | void;
  peerOf(call: Call): Peer;
}
