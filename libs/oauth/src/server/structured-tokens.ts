import type { KoaContextWithOIDC } from 'oidc-provider';
import { decodeProtectedHeader } from 'jose';
import type { Resources } from '../resources.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { OwnClaims, OwnTokens } from './own-tokens.ts';

export const REVOKED = 'RevokedToken';

interface Parts {
  readonly tokens: OwnTokens;
  readonly artifacts: ArtifactStore;
  readonly resources: Resources;
  /** Whether a token that verifies is in force. */
  readonly stands: (claims: OwnClaims) => Promise<boolean>;
}

/**
 * Revocation (RFC 7009) and introspection (RFC 7662) of access tokens. `oidc-provider` does both for tokens that it keeps,
 * and says of a JWT, once it has authenticated the client, that it does not: this answers in its place.
 */
export function structuredTokens({ tokens, artifacts, resources, stands }: Parts) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    if ((ctx.body as { error?: unknown } | undefined)?.error !== 'unsupported_token_type') return;
    const { route, params, client } = ctx.oidc;
    const token = String(params?.['token']);
    const { claims, fault } = await tokens.verify(token, decodeProtectedHeader(token).kid, [
      resources.api,
      resources.mcp,
    ]);
    const own = fault === undefined && claims?.client_id === client?.clientId ? claims : undefined;
    ctx.status = 200;
    if (route === 'introspection') {
      ctx.body =
        own && (await stands(own))
          ? { active: true, token_type: 'Bearer', ...described(own) }
          : { active: false };
      return;
    }
    ctx.body = '';
    if (own) await revoke(own, artifacts);
  };
}

/** With a person's token goes all that came of the same consent (RFC 7009, section 2.1). */
async function revoke(claims: OwnClaims, artifacts: ArtifactStore): Promise<void> {
  if (claims.grant_id !== undefined) await artifacts.revokeFamily(claims.grant_id);
  const expiresAt = new Date(claims.exp * 1000 + 60_000);
  const payload = { clientId: claims.client_id };
  await artifacts.put({ model: REVOKED, shown: claims.jti, payload, expiresAt });
}

function described({ sub, client_id, scope, exp, iat, iss, aud, jti }: OwnClaims) {
  return { sub, client_id, scope, exp, iat, iss, aud, jti };
}
