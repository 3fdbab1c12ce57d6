import type { FastifyRequest } from 'fastify';

/** What a page may read beside the body (WHATWG Fetch, "CORS protocol"): without it, no client of 2025 has a session. */
export const EXPOSED_HEADERS: readonly string[] = [
  'Mcp-Session-Id',
  'X-Correlation-Id',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Retry-After',
  'WWW-Authenticate',
  'Allow',
];

/**
 * What the plugin for preflights would refuse by itself, and put on record as allowed (WHATWG Fetch, "CORS-preflight
 * fetch"): to us, OPTIONS is a method like any other.
 */
export function isNoPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && !(headers.origin && headers['access-control-request-method']);
}

const exposed = EXPOSED_HEADERS.join(', ');

/**
 * The CORS headers of an answer to one of these origins (MAD-11): of every answer, so that a page learns why it was
 * refused. The preflight is @fastify/cors' own.
 */
export class CorsHeaders {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  of(origin: string | undefined): Readonly<Record<string, string>> | undefined {
    if (origin === undefined || !this.#origins.has(origin)) return undefined;
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': exposed,
      vary: 'Origin',
    };
  }
}
