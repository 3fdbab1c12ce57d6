import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callOf, operationOf } from '#call';
import { InvalidInput } from '#errors';

/** A HEAD is a GET whose answer stays unsent (RFC 9110, section 9.3.2): Fastify serves it wherever there is a GET. */
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE']);

/** What is asked for, and with what. On MCP the dispatcher has said so already; a REST route says it here. */
@Injectable()
export class BindGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.getArgByIndex<FastifyRequest>(0);
    const call = callOf(context);
    call.operation = operationOf(context.getHandler());
    call.inputFromUrl = WITHOUT_BODY.has(request.method);
    call.input = merged(call.inputFromUrl ? request.query : request.body, request.params);
    return true;
  }
}

function merged(sent: unknown, params: unknown): unknown {
  const names = Object.keys(params as object);
  if (names.length === 0) return sent;
  if (sent === undefined || sent === null) return { ...(params as object) };
  if (typeof sent !== 'object' || Array.isArray(sent)) return sent;
  const twice = names.find((name) => Object.hasOwn(sent, name));
  if (twice) throw new InvalidInput(`${twice} stands in the path: leave it out of the query and the body`);
  return { ...sent, ...(params as object) };
}
