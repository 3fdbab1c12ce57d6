import { DeclarationError } from '#call';
import { ConfigError } from '#config';
import { PersistenceError } from '#persistence';

/** What Node says of a port that can't be listened on, or of a host that can't be found. */
type ListenError = NodeJS.ErrnoException & { port?: number; address?: string; hostname?: string };

/** Whose message says all there is to say. */
const known = [ConfigError, DeclarationError, PersistenceError] as const;

/** What the operator reads when the program does not start: what is wrong and what to do, and no stack for the known. */
export function explainStartError(error: unknown): string {
  if (!(error instanceof Error)) return `Gatehouse did not start: ${String(error)}`;
  if (known.some((kind) => error instanceof kind)) return error.message;
  const { code, port, address, hostname } = error as ListenError;
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${address} is in use: end the other process, or set PORT, MANAGEMENT_PORT, WS_PORT or TCP_PORT`;
  }
  if (code === 'EADDRNOTAVAIL') return `HOST ${address} is no address of this machine`;
  if (hostname !== undefined)
    return `HOST ${hostname} can't be looked up (${code}): give an address of this machine`;
  if (code === 'EACCES' && port !== undefined) {
    return `Not allowed to listen on port ${port}: set PORT, MANAGEMENT_PORT, WS_PORT or TCP_PORT to 1024 or above`;
  }
  return `Gatehouse did not start: ${error.stack ?? error.message}`;
}
