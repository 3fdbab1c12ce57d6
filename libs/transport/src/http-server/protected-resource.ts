import type { Call, Outcome, Permission } from '#call';
import { AccessRefused, type ErrorCode } from '#errors';
import { PublicUrl } from '#oauth';

/** What every method of the protocol needs. */
export const MCP_SCOPE: Permission = 'mcp:use';

/** The authentication context of a login with a one-time code (RFC 8176 has no name for it as a whole). */
const SECOND_FACTOR = 'urn:gatehouse:acr:mfa';

export const METADATA_PATH = '/.well-known/oauth-protected-resource';

/** RFC 9728, section 2. */
export interface ProtectedResource {
  resource: string;
  resource_name: string;
  /** Who issues tokens for it. */
  authorization_servers: readonly string[];
  bearer_methods_supported: readonly ['header'];
  scopes_supported: readonly string[];
}

/** What tells a client how to get in: the metadata of this resource, and the challenges that point to it. */
export class ProtectedResourceMetadata extends PublicUrl {
  readonly #publicUrl: string | undefined;
  readonly #externalIssuer: string | undefined;
  #listensAt = '';

  /**
   * @param publicUrl Where clients reach the gateway, without a slash at its end; undefined where it listens itself.
   * @param externalIssuer Who issues tokens, where that is not the embedded authorization server.
   */
  constructor(publicUrl: string | undefined, externalIssuer?: string) {
    super();
    this.#publicUrl = publicUrl;
    this.#externalIssuer = externalIssuer;
  }

  /** Where the gateway listens, once that is known. */
  listensAt(url: string): void {
    this.#listensAt = url;
  }

  override get publicUrl(): string {
    return this.#publicUrl ?? this.#listensAt;
  }

  /** Of the resource that lies at the path. */
  describe(path: string, scopes: readonly string[]): ProtectedResource {
    return {
      resource: `${this.publicUrl}${path}`,
      resource_name: 'Gatehouse',
      authorization_servers: [this.#externalIssuer ?? `${this.publicUrl}/oauth`],
      // A token in a URL would end in logs (RFC 9700, section 4.3.2).
      bearer_methods_supported: ['header'],
      scopes_supported: scopes,
    };
  }

  /**
   * The WWW-Authenticate header of a refusal (RFC 6750, section 3; RFC 9728, section 5.1). It names all the scopes that
   * the call needs, so that one more step is enough. Undefined where no credential would help.
   */
  challenge(call: Call, { code, status, error: refusal }: Outcome): string | undefined {
    // What anybody may call asks for no token, so none would help.
    if (call.operation?.public) return undefined;
    const isRefusal = code === 'ACCESS_REFUSED' && status === 403;
    if (status !== 401 && !isRefusal) return undefined;
    const scope = isRefusal ? missingIn(refusal, call) : scopeToEnter(call);
    return [
      'Bearer realm="gatehouse"',
      ...(code === 'CREDENTIAL_MISSING' ? [] : [`error="${errorOf(code)}"`]),
      ...(code === 'SECOND_FACTOR_REQUIRED' ? [`acr_values="${SECOND_FACTOR}"`] : []),
      ...(scope ? [`scope="${scope}"`] : []),
      `resource_metadata="${this.publicUrl}${METADATA_PATH}${speaksMcp(call) ? '/mcp' : ''}"`,
    ].join(', ');
  }
}

/** RFC 6750, section 3.1; RFC 9470, section 3. */
function errorOf(code: ErrorCode | undefined): string {
  if (code === 'ACCESS_REFUSED') return 'insufficient_scope';
  return code === 'SECOND_FACTOR_REQUIRED' ? 'insufficient_user_authentication' : 'invalid_token';
}

/** A tool is called through the protocol, so it needs that as well: both are named at once. */
function missingIn(refusal: unknown, call: Call): string | undefined {
  if (!(refusal instanceof AccessRefused)) return undefined;
  const { missing } = refusal;
  return speaksMcp(call) && missing !== MCP_SCOPE ? `${MCP_SCOPE} ${missing}` : missing;
}

/** On MCP the same for all: what a tool needs would tell a stranger that there is such a tool. */
function scopeToEnter(call: Call): string | undefined {
  return speaksMcp(call) ? MCP_SCOPE : call.operation?.permission;
}

function speaksMcp({ door }: Call): boolean {
  return door !== 'rest' && door !== 'cli';
}
