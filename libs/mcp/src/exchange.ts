import type { Call, Outcome } from '#call';
import type { HeaderReader } from './wire/mirrored-headers.ts';

/** What a door lends to one message: what it knows beside the message itself, and ways to say more than one answer. */
export interface Exchange {
  /** Reads the headers that repeat the message; doors without headers leave it out. */
  readonly header?: HeaderReader;
  /** The session that a client of 2025 has opened on its connection, where a connection holds one. */
  readonly sessionId?: string | undefined;
  /** Answers with a stream of messages from now on. The record of the call is safe before its first byte. */
  openStream?(): Outlet | undefined;
  /** Leaves a record of what the server itself asks of the client; resolves when that is safe. */
  record?(call: Call, outcome: Outcome): Promise<unknown>;
  /** The call goes on when its client goes: it will come back for the answer. */
  outliveConnection?(): void;
  /** A call of the same connection is not wanted any more, by the id of its request. */
  cancel?(id: unknown): void;
}

/** The session that a message belongs to: that of its connection, or the one that its headers name. */
export function sessionIdOf({ sessionId, header }: Exchange): string | undefined {
  return sessionId ?? header?.('mcp-session-id');
}

/** One server-sent event. */
export interface StreamEvent {
  /** One JSON-RPC message, or nothing. */
  readonly data: string;
  /** What a client that comes back names as the last it has seen. */
  readonly id?: string;
  /** How long a client should wait before it comes back, in milliseconds. */
  readonly retryMs?: number;
}

/** Where messages to one client leave. */
export interface Outlet {
  /** False when nobody is there any more, or has not read for too long. */
  readonly open: boolean;
  /** Its first byte was let go, so the call that it answers is on record. */
  readonly begun: boolean;
  /** Resolves when the client has gone, or the outlet was ended. */
  readonly closed: Promise<void>;
  send(event: StreamEvent): void;
  end(): void;
}
