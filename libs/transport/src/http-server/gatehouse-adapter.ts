import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { EventStream } from '#call';
import { serverSentEvents } from './event-stream.ts';
import { publicError } from './http-error.ts';
import { isWellFormedUrl, MALFORMED_URL } from './malformed-url.ts';
import {
  KEEP_ALIVE_MS,
  MAX_HEADER_BYTES,
  refuseBytes,
  serverOptions,
  type HttpSettings,
} from './server-bounds.ts';

/** Nest's Fastify adapter with our bounds, and with event streams as a kind of answer. */
export class GatehouseAdapter extends FastifyAdapter {
  constructor(config: HttpSettings) {
    super({
      bodyLimit: config.maxRequestBytes,
      trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
      // Fastify sets these two itself, whatever `http` says.
      requestTimeout: config.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      forceCloseConnections: 'idle',
      http: serverOptions(config),
      routerOptions: { maxParamLength: MAX_HEADER_BYTES },
      // Fastify answers a malformed URL before any hook has run; this one it routes like any other.
      rewriteUrl: ({ url = '/' }) => (isWellFormedUrl(url) ? url : MALFORMED_URL),
      clientErrorHandler: refuseBytes,
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
