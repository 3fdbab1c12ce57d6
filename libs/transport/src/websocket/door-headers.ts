import type { Call } from '#call';
import { rateLimitHeaders, type ThrottleSettings } from '#throttle';
import type { CorsHeaders } from '../http-server/cors-headers.ts';

export interface DoorHeadersOptions {
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: ThrottleSettings;
  readonly cors: CorsHeaders;
}

/** The headers of all that the WebSocket's door answers over HTTP, the 101 too: as at the other doors (MAD-13, ARC-26). */
export class DoorHeaders {
  constructor(private readonly options: DoorHeadersOptions) {}

  of(call: Call, origin: string | undefined): Record<string, string> {
    const { headers, limits, cors } = this.options;
    return {
      ...headers,
      ...cors.of(origin),
      'x-correlation-id': call.id,
      ...rateLimitHeaders(call.limits, limits),
    };
  }

  linesOf(call: Call, origin: string | undefined): string[] {
    return Object.entries(this.of(call, origin)).map(([name, value]) => `${name}: ${value}`);
  }
}
