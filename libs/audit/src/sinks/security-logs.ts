/** The files under `LOG_DIR/security`, without their ending: one kind of event each. */
export const securityLogs = [
  'auth',
  'access',
  'rate-limit',
  'blocked',
  'signature',
  'input',
  'connection',
  'other',
] as const;
export type SecurityLog = (typeof securityLogs)[number];

/** Which file an event goes to; `other` has all the rest. */
const logOfEvent: Readonly<Record<string, SecurityLog>> = {
  invalid_auth: 'auth',
  tcp_auth_success: 'auth',
  tcp_auth_failed: 'auth',
  access_denied: 'access',
  rate_limit_exceeded: 'rate-limit',
  blocked_connection: 'blocked',
  missing_signature: 'signature',
  signature_verification_failed: 'signature',
  signature_expired: 'signature',
  invalid_input: 'input',
  payload_validation_failed: 'input',
  connection_limit: 'connection',
  connection_established: 'connection',
  connection_closed: 'connection',
  connection_timeout: 'connection',
};

/** The security log that an event of this name goes to. */
export function securityLogOf(event: string): SecurityLog {
  return logOfEvent[event] ?? 'other';
}
