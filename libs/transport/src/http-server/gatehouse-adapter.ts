import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import type { ConfigOf } from '#config';
import { eventStream, isEventStream } from './event-stream.ts';
import { publicError } from './http-error.ts';
import type { httpConfig } from './http.config.ts';
import { answerFrameworkError } from './http-door.ts';

/** Room for a percent-encoded identifier of 255 characters in a path. */
const MAX_PATH_PARAMETER_LENGTH = 1024;
const MAX_HEADER_BYTES = 16_384;
const KEEP_ALIVE_MS = 72_000;

/** Nest's Fastify adapter with our bounds, and with event streams as a kind of answer. */
export class GatehouseAdapter extends FastifyAdapter {
  constructor(config: ConfigOf<typeof httpConfig>) {
    super({
      bodyLimit: config.maxRequestBytes,
      trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
      // Receiving a request and answering it are bounded apart: the first against a client that trickles.
      requestTimeout: config.requestTimeoutMs,
      handlerTimeout: config.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      forceCloseConnections: 'idle',
      http: { maxHeaderSize: MAX_HEADER_BYTES },
      routerOptions: { maxParamLength: MAX_PATH_PARAMETER_LENGTH },
      frameworkErrors: answerFrameworkError,
      clientErrorHandler: (_error, socket) => refuseBytes(socket as Socket),
    });
  }

  override reply(response: FastifyReply, body: object, statusCode?: number): FastifyReply {
    if (!isEventStream(body)) return super.reply(response, body, statusCode);
    void response.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // nginx would hold the events back
    });
    const stream = eventStream(body, (error) => {
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
