import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import type { ConfigOf } from '#config';
import { EventStream } from '#call';
import { serverSentEvents } from './event-stream.ts';
import { publicError } from './http-error.ts';
import type { httpConfig } from './http.config.ts';
import { isWellFormedUrl, MALFORMED_URL } from './malformed-url.ts';

/** Of the request line and all headers. No part of a path can be longer, so the schema of its operation bounds it. */
const MAX_HEADER_BYTES = 16_384;
/** A header that comes twice is read as both values joined, so that two credentials are none, whichever came first. */
export const serverOptions = { maxHeaderSize: MAX_HEADER_BYTES, joinDuplicateHeaders: true };
const KEEP_ALIVE_MS = 72_000;

/** Nest's Fastify adapter with our bounds, and with event streams as a kind of answer. */
export class GatehouseAdapter extends FastifyAdapter {
  constructor(config: ConfigOf<typeof httpConfig>) {
    super({
      bodyLimit: config.maxRequestBytes,
      trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
      // For receiving a request, against a client that trickles; answering it has a deadline of its own.
      requestTimeout: config.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      forceCloseConnections: 'idle',
      http: serverOptions,
      routerOptions: { maxParamLength: MAX_HEADER_BYTES },
      // Fastify answers a malformed URL before any hook has run; this one it routes like any other.
      rewriteUrl: ({ url = '/' }) => (isWellFormedUrl(url) ? url : MALFORMED_URL),
      clientErrorHandler: (_error, socket) => refuseBytes(socket as Socket),
    });
  }

  override reply(response: FastifyReply, body: object, statusCode?: number): FastifyReply {
    if (!(body instanceof EventStream)) return super.reply(response, body, statusCode);
    void response.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // nginx would hold the events back
    });
    const stream = serverSentEvents(body, (error) => {
      const { code, message } = publicError(error);
      return { code, error: message, correlation_id: response.request.call.id };
    });
    return super.reply(response, stream, statusCode);
  }
}

/** What is no HTTP never becomes a call: a short answer, and the connection ends. */
function refuseBytes(socket: Socket): void {
  if (socket.writable)
    socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  socket.destroySoon();
}
