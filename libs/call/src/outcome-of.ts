import { GatehouseError, Hidden, wire, type ErrorCode } from '#errors';
import type { Call } from './call.ts';
import type { Outcome } from './settlement.ts';

/** The outcome of a call that went well. */
export function allowed(call: Call, status: number): Outcome {
  return {
    result: 'allowed',
    event: call.operation?.event ?? 'call',
    severity: 'LOW',
    code: undefined,
    status,
  };
}

/**
 * The outcome of a call that an error ended. What is not ours to explain is INTERNAL. What was hidden from its caller is
 * told here, with the status that the caller was given.
 */
export function refusedBy(thrown: unknown, told?: number): Outcome {
  const error = thrown instanceof Hidden ? thrown.refusal : thrown;
  const code = codeOf(error);
  const { http, event, severity } = wire[code];
  const status = told ?? wire[codeOf(thrown)].http;
  // That there are too many of them is said with a 503 (requirements 8), and is no fault of ours.
  const failed = http >= 500 && code !== 'TOO_MANY_CONNECTIONS';
  return { result: failed ? 'failed' : 'refused', event, severity, code, status, error };
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof GatehouseError ? error.code : 'INTERNAL';
}
