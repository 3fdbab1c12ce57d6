import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { BlockGate } from '#blocking';
import type { ConfigOf } from '#config';
import type { ConnectionCaps } from '#connections';
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

/**
 * A blocked client that goes on and on is not read any more; behind a trusted proxy, the requests are told apart. Nor is
 * one connection more than there may be.
 */
export function guardServer(server: Server, blocks: BlockGate, caps: ConnectionCaps): void {
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    const isCut = remoteAddress === undefined || blocks.cuts(remoteAddress);
    const release = isCut ? undefined : caps.take(remoteAddress);
    if (release) socket.once('close', release);
    else {
      // To a client that speaks TLS, this would be no answer.
      if (!isCut && !('setSecureContext' in server)) socket.write(TOO_MANY);
      socket.destroySoon();
    }
  });
}

const TOO_MANY =
  'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n';

/** Whether a request asks for the WebSocket: any other upgrade is a request like all others. */
export function wantsWebSocket({ url = '', headers }: IncomingMessage): boolean {
  return url.split('?', 1)[0] === '/ws' && headers.upgrade?.toLowerCase() === 'websocket';
}

/** Fastify does it on its own server. */
export function answerBytes(server: Server): void {
  server.on('clientError', (error, socket) => refuseBytes(error, socket as Socket));
}

/** Node keeps the response that a connection waits for there; its own handler of such errors asks the same. */
type Connection = Socket & { _httpMessage?: ServerResponse<IncomingMessage> | null };

/**
 * What is no HTTP never becomes a call: a short answer, and the connection ends. If a request that came before it on
 * this connection is still to be answered, that is answered first, so that nobody takes this answer for that one's.
 */
export function refuseBytes(error: NodeJS.ErrnoException, socket: Connection): void {
  const { _httpMessage: response } = socket;
  // A body that comes too slowly has a deadline, and an answer, as a call.
  if (response && (response.req.complete || error.code === 'ERR_HTTP_REQUEST_TIMEOUT')) {
    if (!response.headersSent) {
      response.setHeader('connection', 'close');
      return;
    }
  } else if (socket.writable) {
    socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  }
  socket.destroySoon();
}
