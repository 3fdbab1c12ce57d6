import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { GatehouseError } from '#errors';

const FIRST_BYTES = 1_024;

export type Collected = (error: Error | null, body?: Buffer) => void;

/**
 * The bytes of a body, in one buffer that grows: Fastify keeps each piece that comes, and a stranger who sends chunks of
 * one byte made a hundred megabytes of a body of one. As many bytes as the route allows, of which those that a header
 * promises are not believed before they come.
 */
export function collectBody(request: FastifyRequest, payload: Readable, done: Collected): void {
  const limit = request.routeOptions.bodyLimit;
  let bytes: Buffer = Buffer.alloc(0);
  let length = 0;

  const conclude = (error: Error | null): void => {
    payload.off('data', take).off('end', end).off('error', fail);
    if (error) done(error);
    else done(null, bytes.subarray(0, length));
  };
  const take = (chunk: Buffer): void => {
    const whole = length + chunk.length;
    if (whole > limit) return conclude(tooLarge());
    if (whole > bytes.length) bytes = grown(bytes, length, Math.min(Math.max(FIRST_BYTES, 2 * whole), limit));
    chunk.copy(bytes, length);
    length = whole;
  };
  const end = (): void => conclude(null);
  const fail = (cause: Error): void =>
    conclude(new GatehouseError('INVALID_REQUEST', 'The body has broken off', { cause }));

  if (Number(request.headers['content-length']) > limit) return done(tooLarge());
  payload.on('data', take).once('end', end).once('error', fail);
}

function grown(bytes: Buffer, length: number, size: number): Buffer {
  const larger = Buffer.allocUnsafe(size);
  bytes.copy(larger, 0, 0, length);
  return larger;
}

function tooLarge(): GatehouseError {
  return new GatehouseError('PAYLOAD_TOO_LARGE', 'The body is larger than MAX_REQUEST_SIZE allows');
}
