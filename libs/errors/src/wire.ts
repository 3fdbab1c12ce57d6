/** How bad it is that this happened, as the audit trail and the alerts read it. */
export type Severity = 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL';

/** How one code looks from each side. */
export interface Wire {
  /** HTTP status (RFC 9110, section 15). */
  http: number;
  /** JSON-RPC error code. Ours lie outside -32768..-32000 (MCP 2026-07-28, "Error codes"). */
  rpc: number;
  /** Level of the line in the log. */
  level: 'info' | 'warn' | 'error';
  /** Name of the audit event, where the requirements give one (section 7). */
  event: string;
  severity: Severity;
}

/** The one table from an error's code to the wire, the log and the audit trail. docs/errors.md explains each. */
export const wire = {
  CREDENTIAL_MISSING: { http: 401, rpc: -31001, level: 'info', event: 'invalid_auth', severity: 'LOW' },
  CREDENTIAL_INVALID: { http: 401, rpc: -31001, level: 'warn', event: 'invalid_auth', severity: 'MEDIUM' },
  CREDENTIAL_UNKNOWN: { http: 403, rpc: -31001, level: 'warn', event: 'invalid_auth', severity: 'MEDIUM' },
  CREDENTIAL_EXPIRED: { http: 401, rpc: -31001, level: 'info', event: 'invalid_auth', severity: 'LOW' },
  INVALID_LOGIN: { http: 401, rpc: -31007, level: 'warn', event: 'login_failed', severity: 'MEDIUM' },
  REFRESH_TOKEN_REUSED: {
    http: 401,
    rpc: -31008,
    level: 'warn',
    event: 'refresh_token_reused',
    severity: 'HIGH',
  },
  SECOND_FACTOR_REQUIRED: {
    http: 401,
    rpc: -31006,
    level: 'info',
    event: 'second_factor_required',
    severity: 'MEDIUM',
  },
  AUTHORIZATION_REFUSED: {
    http: 400,
    rpc: -31010,
    level: 'info',
    event: 'authorization_refused',
    severity: 'LOW',
  },
  ACCESS_REFUSED: { http: 403, rpc: -31003, level: 'warn', event: 'access_denied', severity: 'MEDIUM' },
  ADDRESS_BLOCKED: { http: 403, rpc: -31005, level: 'warn', event: 'blocked_connection', severity: 'MEDIUM' },
  ORIGIN_REFUSED: { http: 403, rpc: -31004, level: 'warn', event: 'blocked_connection', severity: 'MEDIUM' },
  RATE_LIMITED: { http: 429, rpc: -31029, level: 'info', event: 'rate_limit_exceeded', severity: 'MEDIUM' },
  TOO_MANY_STREAMS: {
    http: 429,
    rpc: -31030,
    level: 'info',
    event: 'rate_limit_exceeded',
    severity: 'MEDIUM',
  },
  TOO_MANY_TASKS: {
    http: 429,
    rpc: -31031,
    level: 'info',
    event: 'rate_limit_exceeded',
    severity: 'MEDIUM',
  },
  TOO_MANY_CONNECTIONS: {
    http: 503,
    rpc: -31032,
    level: 'info',
    event: 'connection_limit',
    severity: 'MEDIUM',
  },
  INVALID_INPUT: { http: 400, rpc: -32602, level: 'info', event: 'invalid_input', severity: 'LOW' },
  DANGEROUS_INPUT: { http: 400, rpc: -32602, level: 'warn', event: 'invalid_input', severity: 'HIGH' },
  MALFORMED_JSON: { http: 400, rpc: -32700, level: 'info', event: 'invalid_input', severity: 'LOW' },
  INVALID_REQUEST: { http: 400, rpc: -32600, level: 'info', event: 'invalid_input', severity: 'LOW' },
  HEADER_MISMATCH: { http: 400, rpc: -32020, level: 'warn', event: 'invalid_input', severity: 'MEDIUM' },
  CAPABILITY_MISSING: { http: 400, rpc: -32021, level: 'info', event: 'invalid_input', severity: 'LOW' },
  PROTOCOL_VERSION_UNSUPPORTED: {
    http: 400,
    rpc: -32022,
    level: 'info',
    event: 'invalid_input',
    severity: 'LOW',
  },
  STATE_REFUSED: { http: 400, rpc: -32602, level: 'warn', event: 'state_refused', severity: 'HIGH' },
  METHOD_NOT_FOUND: { http: 404, rpc: -32601, level: 'info', event: 'not_found', severity: 'LOW' },
  METHOD_NOT_ALLOWED: { http: 405, rpc: -32600, level: 'info', event: 'invalid_input', severity: 'LOW' },
  UPGRADE_REQUIRED: { http: 426, rpc: -32600, level: 'info', event: 'invalid_input', severity: 'LOW' },
  NOT_FOUND: { http: 404, rpc: -32602, level: 'info', event: 'not_found', severity: 'LOW' },
  SESSION_NOT_FOUND: { http: 404, rpc: -31404, level: 'info', event: 'not_found', severity: 'LOW' },
  NOT_ACCEPTABLE: { http: 406, rpc: -32600, level: 'info', event: 'invalid_input', severity: 'LOW' },
  CONFLICT: { http: 409, rpc: -31009, level: 'info', event: 'conflict', severity: 'LOW' },
  PAYLOAD_TOO_LARGE: { http: 413, rpc: -31013, level: 'warn', event: 'invalid_input', severity: 'MEDIUM' },
  MEDIA_TYPE_UNSUPPORTED: { http: 415, rpc: -31015, level: 'info', event: 'invalid_input', severity: 'LOW' },
  CANCELLED: { http: 499, rpc: -31499, level: 'info', event: 'call_cancelled', severity: 'LOW' },
  INTERNAL: { http: 500, rpc: -32603, level: 'error', event: 'call_failed', severity: 'HIGH' },
  TASK_INTERRUPTED: { http: 500, rpc: -31510, level: 'warn', event: 'call_failed', severity: 'MEDIUM' },
  UPSTREAM_FAILED: { http: 502, rpc: -31502, level: 'error', event: 'call_failed', severity: 'MEDIUM' },
  UNAVAILABLE: { http: 503, rpc: -31503, level: 'error', event: 'call_failed', severity: 'HIGH' },
  TIMED_OUT: { http: 504, rpc: -31504, level: 'warn', event: 'call_failed', severity: 'MEDIUM' },
} as const satisfies Record<string, Wire>;

/** The codes that there are. They are public: clients act on them. */
export type ErrorCode = keyof typeof wire;
