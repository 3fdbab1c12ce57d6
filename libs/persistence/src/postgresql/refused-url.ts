import { PersistenceError } from '../persistence-error.ts';

/** By the system's error code or the server's SQLSTATE. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the server hung up',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the host',
  ENOENT: 'no such socket',
  '28P01': 'the server refuses the password',
  '28000': 'the server refuses the user',
  '3D000': 'the server has no such database',
  '42501': 'the user may not connect to the database',
  '53300': 'the server has no connection left',
  '57P03': 'the server is starting up or shutting down',
};

/** Why the database at this URL can't be used. Names what the URL says, but never its password. */
export function refusedUrl(url: string, cause: unknown): PersistenceError {
  const { code = '', message = 'unknown reason' } = cause as { code?: string; message?: string };
  const timedOut = message === 'timeout expired' || code === 'ETIMEDOUT';
  const reason = timedOut ? 'no answer in time (DATABASE_CONNECT_TIMEOUT_MS)' : (REASONS[code] ?? message);
  return new PersistenceError(`DATABASE_URL (${shown(url)}) can't be used: ${reason}`, { cause });
}

function shown(url: string): string {
  const { username, host, pathname } = new URL(url);
  return `${username || 'the default user'} at ${host || 'a local socket'}${pathname}`;
}
