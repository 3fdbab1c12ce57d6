import { HttpException } from '@nestjs/common';
import { GatehouseError, internalError, type ErrorCode } from '#errors';

/** Errors of Fastify and of Nest, by their status, in our own words. */
const statuses: Record<number, [ErrorCode, string]> = {
  400: ['INVALID_REQUEST', 'The request is malformed'],
  403: ['ACCESS_REFUSED', 'Not allowed'],
  404: ['NOT_FOUND', 'There is no such route: GET /docs lists them'],
  405: ['METHOD_NOT_ALLOWED', 'The route does not know this method'],
  409: ['CONFLICT', 'It contradicts what is there'],
  413: ['PAYLOAD_TOO_LARGE', 'The body is larger than MAX_REQUEST_SIZE allows'],
  415: ['MEDIA_TYPE_UNSUPPORTED', 'Send the body as application/json'],
  503: ['UNAVAILABLE', 'The service is not ready'],
};

/** Whatever was thrown, as an error that may be told to a stranger. What it really was stays in its `cause`. */
export function publicError(error: unknown): GatehouseError {
  if (error instanceof GatehouseError) return error;
  const known = knownError(error);
  return known ? new GatehouseError(...known, { cause: error }) : internalError(error);
}

function knownError(error: unknown): [ErrorCode, string] | undefined {
  if (error instanceof HttpException) return statuses[error.getStatus()];
  if (!(error instanceof Error)) return undefined;
  const { statusCode } = error as Error & { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode < 500 ? statuses[statusCode] : undefined;
}
