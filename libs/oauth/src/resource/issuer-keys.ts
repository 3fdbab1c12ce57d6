import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { boundedGet } from '../outbound/bounded-get.ts';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 65_536;
/** Between two fetches for keys that are not known, so that tokens of made-up keys cost no more than that. */
const COOLDOWN_MS = 30_000;
/** After one that failed. */
const REST_MS = 5_000;
/** The keys that are known are renewed behind the calls that use them; when that fails, they serve on. */
const REFRESH_MS = 600_000;

/** The issuer's keys can't be had at the moment, and there are none of before. */
class KeysUnavailable extends Error {}

export interface IssuerPauses {
  readonly restMs?: number;
  readonly cooldownMs?: number;
}

/**
 * The keys of an external issuer, by its own metadata (RFC 8414; OpenID Connect Discovery): fetched when the first token
 * comes, bounded in size, time and number.
 */
export class IssuerKeys {
  readonly #issuer: string;
  readonly #restMs: number;
  readonly #cooldownMs: number;
  #set: ReturnType<typeof createRemoteJWKSet> | undefined;
  #opening: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  #failedAt = -Infinity;
  #refreshedAt = -Infinity;

  constructor(issuer: string, { restMs = REST_MS, cooldownMs = COOLDOWN_MS }: IssuerPauses = {}) {
    this.#issuer = issuer;
    this.#restMs = restMs;
    this.#cooldownMs = cooldownMs;
  }

  /** For `jwtVerify`. @throws KeysUnavailable, JWKSNoMatchingKey */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    const set = this.#set ?? (await this.#open());
    this.#renew(set);
    try {
      return await set(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error;
      // With keys of before, one that is not among them is none: that it can't be asked for now makes it no better.
      if (set.jwks() !== undefined) throw new errors.JWKSNoMatchingKey();
      throw new KeysUnavailable('The keys of the issuer cannot be fetched', { cause: error });
    }
  };

  async #open(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    this.#opening ??= this.#discover().finally(() => (this.#opening = undefined));
    return (this.#set = await this.#opening);
  }

  async #discover(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    const metadata = await this.#metadata();
    return createRemoteJWKSet(new URL(metadata.jwks_uri), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: this.#cooldownMs,
      cacheMaxAge: Infinity,
      [customFetch]: async (url) => this.#fetchSet(new URL(url)),
    });
  }

  async #metadata(): Promise<{ jwks_uri: string }> {
    this.#requireRested();
    let last: unknown;
    for (const url of metadataUrls(this.#issuer)) {
      try {
        const metadata = JSON.parse((await this.#get(url)).toString('utf8')) as Record<string, unknown>;
        const { issuer, jwks_uri: jwksUri } = metadata;
        if (issuer === this.#issuer && typeof jwksUri === 'string' && URL.canParse(jwksUri))
          return { jwks_uri: jwksUri };
        last = new Error('The metadata is of another issuer, or names no keys');
      } catch (error) {
        last = error;
      }
    }
    this.#failedAt = performance.now();
    throw new KeysUnavailable('The metadata of the issuer cannot be fetched', { cause: last });
  }

  async #fetchSet(url: URL): Promise<Response> {
    this.#requireRested();
    try {
      return new Response(new Uint8Array(await this.#get(url)));
    } catch (error) {
      this.#failedAt = performance.now();
      throw error;
    }
  }

  async #get(url: URL): Promise<Buffer> {
    const { status, body } = await boundedGet(url, {
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      to: 'anywhere',
    });
    if (status !== 200) throw new Error(`The issuer has answered with ${status}`);
    return body;
  }

  /** However many tokens come meanwhile, an issuer that fails is asked again only after a while. */
  #requireRested(): void {
    if (performance.now() - this.#failedAt < this.#restMs)
      throw new KeysUnavailable('The issuer rests after a failure');
  }

  #renew(set: ReturnType<typeof createRemoteJWKSet>): void {
    if (set.jwks() === undefined) return;
    const now = performance.now();
    if (this.#refreshedAt === -Infinity) this.#refreshedAt = now;
    if (now - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshedAt = now;
    set.reload().catch(() => undefined);
  }
}

/** RFC 8414, section 3.1, and OpenID Connect Discovery, section 4. */
function metadataUrls(issuer: string): URL[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    new URL(`${origin}${path}/.well-known/openid-configuration`),
    new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
  ];
}
