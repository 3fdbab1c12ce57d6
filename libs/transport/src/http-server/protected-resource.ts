import type { Call, Outcome } from '#call';

export const METADATA_PATH = '/.well-known/oauth-protected-resource';

/** RFC 9728, section 2. */
export interface ProtectedResource {
  resource: string;
  resource_name: string;
  bearer_methods_supported: readonly ['header'];
  scopes_supported: readonly string[];
}

/** What tells a client how to get in: the metadata of this resource, and the challenges that point to it. */
export class ProtectedResourceMetadata {
  readonly #publicUrl: string | undefined;
  #listensAt = '';

  /** @param publicUrl Where clients reach the gateway, without a slash at its end; undefined where it listens itself. */
  constructor(publicUrl: string | undefined) {
    this.#publicUrl = publicUrl;
  }

  /** Where the gateway listens, once that is known. */
  listensAt(url: string): void {
    this.#listensAt = url;
  }

  get #url(): string {
    return this.#publicUrl ?? this.#listensAt;
  }

  /** Of the resource that lies at the path. */
  describe(path: string, scopes: readonly string[]): ProtectedResource {
    return {
      resource: `${this.#url}${path}`,
      resource_name: 'Gatehouse',
      // A token in a URL would end in logs (RFC 9700, section 4.3.2).
      bearer_methods_supported: ['header'],
      scopes_supported: scopes,
    };
  }

  /**
   * The WWW-Authenticate header of a refusal (RFC 6750, section 3; RFC 9728, section 5.1). It names all the scopes that
   * the call needs, so that one more step is enough. Undefined where no credential would help.
   */
  challenge(call: Call, { code, status }: Pick<Outcome, 'code' | 'status'>): string | undefined {
    if (status !== 401 && code !== 'ACCESS_REFUSED') return undefined;
    const permission = call.operation?.permission;
    const error = code === 'ACCESS_REFUSED' ? 'insufficient_scope' : 'invalid_token';
    return [
      'Bearer realm="gatehouse"',
      ...(code === 'CREDENTIAL_MISSING' ? [] : [`error="${error}"`]),
      ...(permission ? [`scope="${permission}"`] : []),
      `resource_metadata="${this.#url}${METADATA_PATH}${call.door === 'mcp' ? '/mcp' : ''}"`,
    ].join(', ');
  }
}
