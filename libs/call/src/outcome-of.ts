import { GatehouseError, wire } from '#errors';
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

/** The outcome of a call that an error ended. What is not ours to explain is INTERNAL. */
export function refusedBy(error: unknown, status?: number): Outcome {
  const code = error instanceof GatehouseError ? error.code : 'INTERNAL';
  const { http, event, severity } = wire[code];
  return { result: http >= 500 ? 'failed' : 'refused', event, severity, code, status: status ?? http, error };
}
