import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatehouseError } from '#errors';
import { errorAnswer, type Answer, type Dispatcher } from '#mcp';
import { after, type Settlement } from '#call';
import { parseJson } from '#validation';
import { contained } from '../contained.ts';
import { collectBody } from '../http-server/collect-body.ts';
import { publicError } from '../http-server/http-error.ts';
import { requireAcceptable, requireEventStream } from './accept.ts';
import { HttpExchange, type ExchangeTools } from './http-exchange.ts';
import { KeepAlive } from './sse-outlet.ts';

/** Arguments may be as deep as a body over REST: they lie in the params of a message. */
const MAX_DEPTH = 12;
/** Often enough for the proxies that close what is silent for a minute. */
const KEEP_ALIVE_MS = 15_000;

export interface StreamableHttpOptions {
  /** Largest body of a message, in bytes. */
  maxRequestBytes: number;
  /** For the records of what the server asks of clients. */
  settlement: Pick<Settlement, 'settle'>;
  /** How often a silent stream says that it is still there, in milliseconds. */
  keepAliveMs?: number;
  path?: string;
}

/**
 * The MCP endpoint (MCP 2026-07-28 and 2025-11-25, "Streamable HTTP"): one POST is one JSON-RPC message, and answered
 * with one JSON object, or with a stream once its handler speaks before it answers. A client of 2025 listens to its
 * session by GET and ends it by DELETE. Origin, the `Call` and its record belong to the HTTP door around every route.
 */
export function registerStreamableHttp(
  fastify: FastifyInstance,
  dispatcher: Dispatcher,
  { maxRequestBytes, settlement, keepAliveMs = KEEP_ALIVE_MS, path = '/mcp' }: StreamableHttpOptions,
): void {
  const tools: ExchangeTools = { keepAlive: new KeepAlive(keepAliveMs), settlement };
  fastify.addHook('preClose', (done) => {
    tools.keepAlive.close();
    done();
  });
  const config = { door: 'mcp' } as const;
  void fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', (request, payload, done) =>
      collectBody(request, payload, done),
    );
    scope.setErrorHandler(answerError);
    scope.post(path, { config, bodyLimit: maxRequestBytes }, (request, reply) =>
      answerPost(dispatcher, request, reply, tools),
    );
    scope.get(path, { config, exposeHeadRoute: false }, (request, reply) =>
      attend(dispatcher, 'listen', request, reply, tools),
    );
    scope.delete(path, { config }, (request, reply) => attend(dispatcher, 'end', request, reply, tools));
  });
}

/** No promise of its own: Fastify would wait for it, and then listen to the end of each answer. */
function answerPost(
  dispatcher: Dispatcher,
  request: FastifyRequest,
  reply: FastifyReply,
  tools: ExchangeTools,
): void {
  requireAcceptable(request.headers.accept);
  const exchange = new HttpExchange(request, reply, tools);
  const answered = (answer: Answer): void => {
    if (!exchange.streaming) send(answer, request, reply);
  };
  contained(
    () => after(dispatched(dispatcher, request, exchange), answered),
    () => reply.raw.destroy(),
  );
}

function dispatched(
  dispatcher: Dispatcher,
  { body, call }: FastifyRequest,
  exchange: HttpExchange,
): Answer | Promise<Answer> {
  let message: unknown;
  try {
    message = parseJson((body as Buffer | undefined) ?? '', { depth: MAX_DEPTH });
  } catch (error) {
    return dispatcher.refuse(error, call);
  }
  return dispatcher.dispatch(message, call, exchange);
}

/** What only a client with a session has to ask for. */
async function attend(
  dispatcher: Dispatcher,
  what: 'listen' | 'end',
  request: FastifyRequest,
  reply: FastifyReply,
  tools: ExchangeTools,
): Promise<FastifyReply> {
  if (request.headers['mcp-session-id'] === undefined) return refuseMethod(request, reply);
  if (what === 'listen') requireEventStream(request.headers.accept);
  const exchange = new HttpExchange(request, reply, tools);
  const answer = await dispatcher.attend(what, request.call, exchange);
  return exchange.streaming ? reply : send(answer, request, reply);
}

function send(
  { status, body, outcome, sessionId }: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (request.answered) return reply; // The time was up first.
  request.outcome = outcome;
  if (sessionId !== undefined) reply.header('mcp-session-id', sessionId);
  if (body !== undefined) reply.type('application/json; charset=utf-8');
  return reply.code(status).send(body);
}

function refuseMethod(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('allow', 'POST');
  const error = new GatehouseError('METHOD_NOT_ALLOWED', 'Send each message by POST');
  return send(errorAnswer(error, request.call), request, reply);
}

/** What ends a request before it is a message, or after its time: told in the words of the protocol all the same. */
function answerError(thrown: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  send(errorAnswer(publicError(thrown), request.call), request, reply);
}
