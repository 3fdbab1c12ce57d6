import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusedBy } from '#call';
import { wire, type GatehouseError } from '#errors';
import { publicError } from './http-error.ts';

/** Where an error's code is explained, as every error's body says. */
const MORE = 'docs/errors.md';

/** The one place where an error becomes an answer of the REST door. */
@Catch()
export class RestErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerError(publicError(thrown), http.getRequest(), http.getResponse());
  }
}

/** Writes the error's status, headers and body, and leaves the outcome for the bracket around the call. */
function answerError(error: GatehouseError, request: FastifyRequest, reply: FastifyReply): void {
  if (request.answered) return;
  request.outcome = refusedBy(error);
  const { http } = wire[error.code];
  void reply.code(http).type('application/json; charset=utf-8').send(errorBody(error, request.call.id));
}

/** The 429 body is given to the letter (ARC-25); all others name their code, the call and where to read more. */
export function errorBody(error: GatehouseError, correlationId: string): unknown {
  if (error.code === 'RATE_LIMITED') return error.details;
  return {
    error: error.message,
    code: error.code,
    correlation_id: correlationId,
    ...(error.details && { details: error.details }),
    more: `${MORE}#${error.code.toLowerCase()}`,
  };
}
