import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { GatehouseError } from '#errors';
import { GrowingBytes } from '../growing-bytes.ts';

export type Collected = (error: Error | null, body?: Buffer) => void;

/**
 * The bytes of a body, in one buffer that grows: Fastify keeps each piece that comes, and a stranger who sends chunks of
 * one byte made a hundred megabytes of a body of one. As many bytes as the route allows, of which those that a header
 * promises are not believed before they come.
 */
export function collectBody(request: FastifyRequest, payload: Readable, done: Collected): void {
  const limit = request.routeOptions.bodyLimit;
  const bytes = new GrowingBytes();

  const conclude = (error: Error | null): void => {
    payload.off('data', take).off('end', end).off('error', fail);
    if (error) done(error);
    else done(null, bytes.take());
  };
  const take = (chunk: Buffer): void => {
    if (bytes.length + chunk.length > limit) return conclude(tooLarge());
    bytes.add(chunk, limit);
  };
  const end = (): void => conclude(null);
  const fail = (cause: Error): void =>
    conclude(new GatehouseError('INVALID_REQUEST', 'The body has broken off', { cause }));

  if (Number(request.headers['content-length']) > limit) return done(tooLarge());
  payload.on('data', take).once('end', end).once('error', fail);
}

/** What is made of a body; what `parse` throws is what is wrong with it. */
export function parsed(
  parse: (body: Buffer) => unknown,
  done: (error: Error | null, value?: unknown) => void,
): Collected {
  return (fault, body) => {
    if (!body) return done(fault);
    let value: unknown;
    try {
      value = parse(body);
    } catch (error) {
      return done(error as Error);
    }
    return done(null, value);
  };
}

function tooLarge(): GatehouseError {
  return new GatehouseError('PAYLOAD_TOO_LARGE', 'The body is larger than MAX_REQUEST_SIZE allows');
}
