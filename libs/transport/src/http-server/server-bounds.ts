import type { IncomingMessage, Server, ServerOptions } from 'node:http';
import type { ConfigOf } from '#config';
import type { httpConfig } from './http.config.ts';

export type HttpSettings = ConfigOf<typeof httpConfig>;

/** Of the request line and all headers. No part of a path can be longer, so the schema of its operation bounds it. */
export const MAX_HEADER_BYTES = 16_384;
export const KEEP_ALIVE_MS = 72_000;

/** How late a request that trickles may be noticed: a part of its time, and never more than a second. */
const CHECKS = 10;
const SLOWEST_CHECK_MS = 1_000;

/** How a listener reads requests. */
export function serverOptions({ requestTimeoutMs }: HttpSettings): ServerOptions {
  return {
    maxHeaderSize: MAX_HEADER_BYTES,
    // A header that comes twice is read as both values joined, so that two credentials are none, whichever came first.
    joinDuplicateHeaders: true,
    // Node would answer a request without Host by itself. To us it is a call that is refused.
    requireHostHeader: false,
    // For receiving a request, against a client that trickles; answering it has a deadline of its own.
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.ceil(Math.min(SLOWEST_CHECK_MS, requestTimeoutMs / CHECKS)),
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
}

/** What any client of a listener may hold of it. */
export function boundServer(server: Server, settings: HttpSettings): void {
  server.maxConnections = settings.maxConnections;
  // Nothing moves on the connection: its client has stopped reading. A handler would have been answered for by then.
  server.setTimeout(2 * settings.requestTimeoutMs);
  // Node answers what it does not expect with a 417 of its own; to us it is a request like any other of this listener
  // (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => void server.emit('request', request, response));
}

/** Whether a request asks for the WebSocket: any other upgrade is a request like all others. */
export function wantsWebSocket({ url = '', headers }: IncomingMessage): boolean {
  return url.split('?', 1)[0] === '/ws' && headers.upgrade?.toLowerCase() === 'websocket';
}
