import type { Call, Outcome } from '#call';
import type { ErrorCode } from '#errors';
import type { OffenceKind } from './block.ts';

/** Which refusals count, and as what. Every code stands here, so that whoever adds one has to decide. */
const offences: Readonly<Record<ErrorCode, OffenceKind | undefined>> = {
  // Whoever has no key yet is told how to get one (MCP, "Authorization"), and an expired one was good: neither guesses.
  CREDENTIAL_MISSING: 'refusal',
  CREDENTIAL_EXPIRED: 'refusal',
  CREDENTIAL_INVALID: 'authentication',
  CREDENTIAL_UNKNOWN: 'authentication',
  INVALID_LOGIN: 'authentication',
  // It was good once: a client that tries again is no guesser, and a thief has just lost what he had.
  REFRESH_TOKEN_REUSED: 'refusal',
  SECOND_FACTOR_REQUIRED: 'refusal',
  AUTHORIZATION_REFUSED: 'refusal',
  ACCESS_REFUSED: 'refusal',
  ADDRESS_BLOCKED: undefined,
  ORIGIN_REFUSED: 'refusal',
  RATE_LIMITED: 'refusal',
  TOO_MANY_STREAMS: 'refusal',
  TOO_MANY_TASKS: 'refusal',
  TOO_MANY_CONNECTIONS: 'refusal',
  INVALID_INPUT: 'refusal',
  DANGEROUS_INPUT: 'refusal',
  MALFORMED_JSON: 'refusal',
  INVALID_REQUEST: 'refusal',
  HEADER_MISMATCH: 'refusal',
  CAPABILITY_MISSING: 'refusal',
  PROTOCOL_VERSION_UNSUPPORTED: 'refusal',
  STATE_REFUSED: 'refusal',
  METHOD_NOT_FOUND: 'refusal',
  METHOD_NOT_ALLOWED: 'refusal',
  UPGRADE_REQUIRED: 'refusal',
  NOT_FOUND: 'refusal',
  SESSION_NOT_FOUND: 'refusal',
  NOT_ACCEPTABLE: 'refusal',
  CONFLICT: 'refusal',
  PAYLOAD_TOO_LARGE: 'refusal',
  MEDIA_TYPE_UNSUPPORTED: 'refusal',
  CANCELLED: undefined,
  INTERNAL: undefined,
  UPSTREAM_FAILED: undefined,
  UNAVAILABLE: undefined,
  TIMED_OUT: undefined,
  TASK_INTERRUPTED: undefined,
};

/** What of a call counts against where it came from; undefined where nothing does. */
export function offenceOf({ principal, limits }: Call, { code, result }: Outcome): OffenceKind | undefined {
  if (code === undefined || result !== 'refused') return undefined;
  // All callers together have used that one up: no fault of this one.
  if (code === 'RATE_LIMITED' && limits?.name === 'global') return undefined;
  // Whoever is known answers for his limits here; all else that he gets wrong is his own affair.
  if (principal) return code === 'RATE_LIMITED' ? 'refusal' : undefined;
  return offences[code];
}
