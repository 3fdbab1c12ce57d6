import { GatehouseError } from '#errors';

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Which browser origins may call (MAD-11; MCP 2026-07-28, Streamable HTTP, "Security & Endpoint"). A page of a stranger
 * whose name resolves to this machine (DNS rebinding) still sends its own Origin, so a check of that header stops it.
 * Clients that are no browsers send none.
 */
export class OriginPolicy {
  readonly #allowed: ReadonlySet<string>;
  readonly #loopback: boolean;

  constructor({ allowed, host }: { allowed: readonly string[]; host: string }) {
    this.#allowed = new Set(allowed.map((origin) => origin.toLowerCase()));
    // A server that only this machine reaches may be called from pages of this machine.
    this.#loopback = LOOPBACK_HOSTS.has(host) || host === '::1';
  }

  allows(origin: string | undefined): boolean {
    if (origin === undefined) return true;
    if (this.#allowed.has(origin.toLowerCase())) return true;
    return this.#loopback && URL.canParse(origin) && LOOPBACK_HOSTS.has(new URL(origin).hostname);
  }
}

export class OriginRefused extends GatehouseError {
  constructor() {
    super('ORIGIN_REFUSED', 'This Origin may not call: CORS_ALLOWED_ORIGINS lists those that may');
  }
}
