import type { IncomingMessage } from 'node:http';
import { GatehouseError } from '#errors';
import { bearerToken, type DoorTokens } from '#identity';

export const SUBPROTOCOL = 'mcp';
const TOKEN_PREFIX = 'bearer.';

/** The subprotocols that a client offers (RFC 6455, section 11.3.4). */
export function protocolsOf({ headers }: IncomingMessage): string[] {
  const offered = headers['sec-websocket-protocol'];
  return offered === undefined ? [] : offered.split(',').map((one) => one.trim());
}

/**
 * What the client shows: its Authorization header, or, of a browser, which can send none with a WebSocket, a second
 * subprotocol `bearer.TOKEN`; never the URL. Two credentials are none. A token of this door is exchanged.
 */
export function authorizationOf(
  request: IncomingMessage,
  tokens: Pick<DoorTokens, 'exchange'>,
): string | undefined {
  const { authorization } = request.headers;
  const offered = protocolsOf(request).filter((one) => one.startsWith(TOKEN_PREFIX));
  if (offered.length + (authorization === undefined ? 0 : 1) > 1) return 'Bearer';
  const [protocol] = offered;
  const header = protocol === undefined ? authorization : `Bearer ${protocol.slice(TOKEN_PREFIX.length)}`;
  if (header === undefined) return undefined;
  try {
    return `Bearer ${tokens.exchange('ws', bearerToken(header))}`;
  } catch (error) {
    if (error instanceof GatehouseError) return header; // What is wrong with it, the pipeline says.
    throw error;
  }
}
