import { GatehouseError } from '#errors';

/**
 * A token in a URL is in the logs of whoever saw it pass, so it is none any more: refused whatever else comes with it
 * (RFC 9700, section 4.3.2; MCP, "Access Token Usage").
 */
export class TokenInUrl extends GatehouseError {
  constructor() {
    super(
      'INVALID_REQUEST',
      'A token never goes into a URL: send it in the Authorization header, and get a new one in place of this',
    );
  }
}

export function holdsToken(url: string): boolean {
  const at = url.indexOf('?');
  return at >= 0 && new URLSearchParams(url.slice(at + 1)).has('access_token');
}
