import { readableName } from '../clients/client-name.ts';
import { scopesOfStrangers } from '../clients/oauth-client.ts';
import { applicationTypeOf, isSafeRedirect } from '../clients/redirect-uri.ts';

const MOST_REDIRECTS = 20;
const GRANTS = new Set(['authorization_code', 'refresh_token']);
const METHODS = new Set(['none', 'client_secret_basic', 'client_secret_post']);

/**
 * What of a registration (RFC 7591) is passed on: what a client of persons may say of itself, and no more. Undefined where
 * it asks for what nobody may give himself.
 */
export function registrationOf(body: unknown): Record<string, unknown> | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const asked = body as Record<string, unknown>;
  const redirects = asked['redirect_uris'];
  const grants = asked['grant_types'] ?? ['authorization_code', 'refresh_token'];
  const method = asked['token_endpoint_auth_method'] ?? 'none';
  if (!Array.isArray(redirects) || redirects.length === 0 || redirects.length > MOST_REDIRECTS)
    return undefined;
  if (!redirects.every(isSafeRedirect)) return undefined;
  if (!Array.isArray(grants) || !grants.every((grant) => GRANTS.has(grant as string))) return undefined;
  if (typeof method !== 'string' || !METHODS.has(method)) return undefined;
  return {
    client_name: readableName(asked['client_name']),
    redirect_uris: redirects,
    grant_types: grants,
    response_types: ['code'],
    token_endpoint_auth_method: method,
    application_type: applicationTypeOf(redirects),
    // Not what it names: the official client registers with what it needs first, and asks for more later.
    scope: scopesOfStrangers.join(' '),
  };
}
