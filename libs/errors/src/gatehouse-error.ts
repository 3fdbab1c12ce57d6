import type { ErrorCode } from './wire.ts';

export interface ErrorOptions {
  /** What a stranger may be told beside the message: what was wrong and what is allowed. Never a secret, never an argument. */
  details?: Record<string, unknown>;
  /** What really happened, for our own log only. */
  cause?: unknown;
}

/** The root of all errors that may reach a caller. Its message and details are public; its cause is not. */
export class GatehouseError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, { details, cause }: ErrorOptions = {}) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
}

/** What an error of ours looks like from outside: the caller learns that it was not his fault, the log learns the cause. */
export function internalError(cause: unknown): GatehouseError {
  return new GatehouseError('INTERNAL', 'Something went wrong on our side', { cause });
}
