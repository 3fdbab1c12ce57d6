import type { RequestListener } from 'node:http';
import { Logger } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { EventStream } from '#call';
import { wire } from '#errors';
import { serverSentEvents } from './event-stream.ts';
import type { Doorstep } from './doorstep.ts';
import { publicError } from './http-error.ts';
import { isWellFormedUrl, MALFORMED_URL } from './malformed-url.ts';
import {
  KEEP_ALIVE_MS,
  MAX_HEADER_BYTES,
  serverOptions,
  wantsWebSocket,
  type HttpSettings,
} from './server-bounds.ts';
import type { TlsContexts } from '../tls/tls-contexts.ts';
import { httpServerFactory } from '../tls/server-factories.ts';

/** Nest's Fastify adapter with our bounds, and with event streams as a kind of answer. */
export class GatehouseAdapter extends FastifyAdapter {
  readonly #logger = new Logger('EventStream');
  readonly #beatMs: number;
  /** Set before it listens. */
  doorstep!: Doorstep;

  constructor(config: HttpSettings, tls: TlsContexts) {
    const options = { ...serverOptions(config), shouldUpgradeCallback: wantsWebSocket };
    super({
      bodyLimit: config.maxRequestBytes,
      trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
      // Fastify sets these two itself, whatever `http` says.
      requestTimeout: config.requestTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      forceCloseConnections: 'idle',
      // Fastify opens a listener of its own for each address of localhost, and only without a factory.
      ...(tls.enabled
        ? {
            serverFactory: (handler: RequestListener) => httpServerFactory(tls)(options, handler),
          }
        : { http: options }),
      routerOptions: { maxParamLength: MAX_HEADER_BYTES },
      // Fastify answers a malformed URL before any hook has run; this one it routes like any other.
      rewriteUrl: ({ url = '/' }) => (isWellFormedUrl(url) ? url : MALFORMED_URL),
      clientErrorHandler: (error, socket) => this.doorstep.refuseBytes(error, socket),
      // Fastify would answer what comes on an open connection meanwhile by itself, and nobody would know of it.
      return503OnClosing: false,
    });
    this.#beatMs = config.requestTimeoutMs / 2;
  }

  override reply(response: FastifyReply, body: object, statusCode?: number): FastifyReply {
    if (response.request.answered) return response;
    if (!(body instanceof EventStream)) return super.reply(response, body, statusCode);
    void response.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // nginx would hold the events back
    });
    const { id } = response.request.call;
    const stream = serverSentEvents(body, { tell: (error) => this.#told(error, id), beatMs: this.#beatMs });
    return super.reply(response, stream, statusCode);
  }
  /** The call is on record by now, so the log says here what went wrong, and the client what it may know. */
  #told(thrown: unknown, correlationId: string): Record<string, unknown> {
    const error = publicError(thrown);
    const { level } = wire[error.code];
    if (level === 'error')
      this.#logger.error({ correlation_id: correlationId, code: error.code, err: error });
    return { code: error.code, error: error.message, correlation_id: correlationId };
  }
}
