import { GatehouseError } from '#errors';

/** SQLSTATE of a statement that ran out of time. */
const CANCELED = '57014';
/** The server is not there for us, or has run out of what it needs: disk, memory, connections. */
const GONE =
  /^(08...|57P0.|53...|58030|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/;

/** pg's own errors carry no code. */
const READ_TIMEOUT = 'Query read timeout';
const TERMINATED = /^(Connection terminated|Client has encountered a connection error)/;

/** What `pg` threw, as the pipeline knows it where it is about the server; else as it was, with its SQLSTATE in `code`. */
export function asDatabaseFailure(error: unknown): unknown {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === CANCELED || message === READ_TIMEOUT) return new DatabaseTimeout(error);
  if (GONE.test(code) || TERMINATED.test(message)) return new DatabaseUnavailable(error);
  return error;
}

export class DatabaseTimeout extends GatehouseError {
  constructor(cause: unknown) {
    super('TIMED_OUT', 'The database took too long', { cause });
  }
}

export class DatabaseUnavailable extends GatehouseError {
  constructor(cause: unknown) {
    super('UNAVAILABLE', 'The database is not available', { cause });
  }
}
