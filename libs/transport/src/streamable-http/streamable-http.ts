import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatehouseError } from '#errors';
import { errorAnswer, type Answer, type Dispatcher } from '#mcp';
import { parseJson } from '#validation';
import { publicError } from '../http-server/http-error.ts';
import { requireAcceptable } from './accept.ts';

/** Arguments may be as deep as a body over REST: they lie in the params of a message. */
const MAX_DEPTH = 12;

export interface StreamableHttpOptions {
  /** Largest body of a message, in bytes. */
  maxRequestBytes: number;
  path?: string;
}

/**
 * The MCP endpoint (MCP 2026-07-28 and 2025-11-25, "Streamable HTTP"): one POST is one JSON-RPC message, and answered
 * with one JSON object. There is no stream to open by GET and no session to end by DELETE. Origin, the `Call` and its
 * record belong to the HTTP door around every route.
 */
export function registerStreamableHttp(
  fastify: FastifyInstance,
  dispatcher: Dispatcher,
  { maxRequestBytes, path = '/mcp' }: StreamableHttpOptions,
): void {
  const config = { door: 'mcp' } as const;
  void fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: maxRequestBytes },
      (_request, body, done) => done(null, body),
    );
    scope.setErrorHandler(answerError);
    scope.post(path, { config, bodyLimit: maxRequestBytes }, (request, reply) =>
      answerPost(dispatcher, request, reply),
    );
    const refusal = { ...config, refusal: true };
    scope.route({ method: ['GET', 'DELETE'], url: path, config: refusal, handler: refuseMethod });
  });
}

async function answerPost(
  dispatcher: Dispatcher,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  requireAcceptable(request.headers.accept);
  const { call } = request;
  let message: unknown;
  try {
    message = parseJson((request.body as Buffer | undefined) ?? '', { depth: MAX_DEPTH });
  } catch (error) {
    return send(await dispatcher.refuse(error, call), request, reply);
  }
  return send(await dispatcher.dispatch(message, call, { header: headerReader(request) }), request, reply);
}

/** A header that comes twice has the value of neither. */
function headerReader({ headers }: FastifyRequest): (name: string) => string | undefined {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}

function send({ status, body, outcome }: Answer, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.answered) return reply; // The time was up first.
  request.outcome = outcome;
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="gatehouse"');
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
