import { GatehouseError } from './gatehouse-error.ts';

/** No credential came with a call that needs one. */
export class CredentialMissing extends GatehouseError {
  constructor() {
    super('CREDENTIAL_MISSING', 'A credential is required: send "Authorization: Bearer <key or token>"');
  }
}

/** The credential is not of any form that Gatehouse issues. */
export class CredentialInvalid extends GatehouseError {
  constructor(message = 'The Authorization header is not "Bearer <key or token>"') {
    super('CREDENTIAL_INVALID', message);
  }
}

/** Well formed, but not a key of ours, or one that was revoked. REST says 403, MCP 401 (requirements 14.1). */
export class CredentialUnknown extends GatehouseError {
  constructor(message = 'Invalid API key') {
    super('CREDENTIAL_UNKNOWN', message);
  }
}

/** A credential of ours whose time is over. */
export class CredentialExpired extends GatehouseError {
  constructor(message: string) {
    super('CREDENTIAL_EXPIRED', message);
  }
}

/** The principal may do this, once it has shown a second factor (RFC 9470). */
export class SecondFactorRequired extends GatehouseError {
  constructor(operation: string) {
    super('SECOND_FACTOR_REQUIRED', `${operation} needs a second factor: log in with your one-time code`);
  }
}

/** A log-in that did not go well. One message, whatever was wrong: who is here is nobody's business. */
export class InvalidLogin extends GatehouseError {
  constructor() {
    super(
      'INVALID_LOGIN',
      'The name, the password or the one-time code is not right; the code is needed once it is set up',
    );
  }
}

/** The principal is known, and may not do this. */
export class AccessRefused extends GatehouseError {
  /** The permission that it lacks. */
  readonly missing: string;

  constructor({ operation, missing }: { operation: string; missing: string }) {
    super('ACCESS_REFUSED', `Not allowed: ${operation} needs the permission ${missing}`, {
      details: { operation, missing },
    });
    this.missing = missing;
  }
}

/** What is asked for is not there. The message names its kind, never the id that was sent. */
export class NotFound extends GatehouseError {
  constructor(message: string) {
    super('NOT_FOUND', message);
  }
}

/** Refused, and not told so: its caller is told what it would be told of a thing that is not there. */
export class Hidden extends NotFound {
  /**
   * @param message what is said of a thing that is not there, to the letter
   * @param refusal what goes on record
   */
  constructor(
    message: string,
    readonly refusal: AccessRefused,
  ) {
    super(message);
  }
}

/** One fault of an input: where (JSON Pointer, RFC 6901), what is wrong, what is allowed. */
export interface Fault {
  path: string;
  message: string;
}

/** The input does not fit. `details.faults` says where and what is allowed: of the schema only, nothing of the value. */
export class InvalidInput extends GatehouseError {
  constructor(message: string, faults: readonly Fault[] = []) {
    super('INVALID_INPUT', message, { details: { faults } });
  }
}
