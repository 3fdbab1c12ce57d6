import { ForbiddenException } from '@nestjs/common';
import { refusedBy, type Call, type Outcome } from '#call';
import { GatehouseError, internalError, wire, type ErrorCode } from '#errors';
import { errorMessage, type Asked } from './wire/json-rpc.ts';

/** What one message is answered with. */
export interface Answer {
  /** HTTP status; other doors may ignore it. */
  readonly status: number;
  /** One JSON-RPC response as JSON text; absent where nothing may be said, as to a notification. */
  readonly body: string | undefined;
  /** How the call ended, where it did not end well. */
  readonly outcome: Outcome | undefined;
  /** Of a handshake: the session that it has opened. */
  readonly sessionId?: string | undefined;
}

/** What is known of the message that an answer is for. */
export interface Answered extends Asked {
  /** A notification. */
  readonly silent: boolean;
  /** The message itself is at fault, not what it asks for. */
  readonly malformed: boolean;
}

const NOTHING_KNOWN: Answered = { id: undefined, era: undefined, silent: false, malformed: true };

/** Whatever was thrown, as an error that may be told to a stranger. What it really was stays in its `cause`. */
export function publicError(thrown: unknown): GatehouseError {
  if (thrown instanceof GatehouseError) return thrown;
  if (thrown instanceof ForbiddenException) {
    return new GatehouseError('ACCESS_REFUSED', 'Not allowed', { cause: thrown }); // A guard that said false.
  }
  return internalError(thrown);
}

/** The answer to a call that an error ended. */
export function errorAnswer(thrown: unknown, call: Call, received: Answered = NOTHING_KNOWN): Answer {
  const error = publicError(thrown);
  const status = statusOf(error.code, received);
  const body = received.silent ? undefined : errorMessage(error, received, call);
  return { status, body, outcome: refusedBy(error, status) };
}

/** Refusals that a client, or a proxy before it, acts on by the status alone. */
const SAID_BY_STATUS = new Set<ErrorCode>([
  'ACCESS_REFUSED',
  'RATE_LIMITED',
  'TOO_MANY_STREAMS',
  'TOO_MANY_TASKS',
  'UNAVAILABLE',
  'SESSION_NOT_FOUND',
  'HEADER_MISMATCH',
]);
/** The same, but only since 2026-07-28. */
const SAID_BY_MODERN_STATUS = new Set<ErrorCode>(['METHOD_NOT_FOUND', 'CAPABILITY_MISSING']);

/**
 * A malformed message has the status of its error; so have refusals. All else is an answer like any other, in a 200:
 * clients of 2025 throw the body of any other status away. An unknown method is a 404 since 2026-07-28.
 */
function statusOf(code: ErrorCode, { era, malformed }: Answered): number {
  const { http, rpc } = wire[code];
  if (rpc === wire.CREDENTIAL_MISSING.rpc) return 401; // Also the unknown key: requirements 14.1.
  if (malformed || SAID_BY_STATUS.has(code)) return http;
  return era?.name === 'modern' && SAID_BY_MODERN_STATUS.has(code) ? http : 200;
}
