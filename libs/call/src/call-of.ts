import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Call } from './call.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Made by the door before anything else looks at the request. */
    call: Call;
  }
}

/**
 * The call that a guard, an interceptor or a parameter decorator is about. On REST it hangs on the request; a wrapped
 * tool is called with `(input, call)`.
 */
export function callOf(context: ExecutionContext): Call {
  return context.getType() === 'http'
    ? context.getArgByIndex<FastifyRequest>(0).call
    : context.getArgByIndex<Call>(1);
}

/** Parameter of a REST handler: the validated input. Tools get it as their first argument anyway. */
export const Input = createParamDecorator((_: unknown, context: ExecutionContext) => callOf(context).input);

/** Parameter of a REST handler: the call. Tools get it as their second argument anyway. */
export const CurrentCall = createParamDecorator((_: unknown, context: ExecutionContext) => callOf(context));
