import { permissionsIn } from '../clients/oauth-client.ts';

/** Least privilege: a client that needs more is told so, and asks again (MCP, "Scope Selection Strategy"). */
const DEFAULT_SCOPE = 'mcp:use';
/** Of OpenID Connect, or of ways back to the client that need a script. */
const IGNORED = [
  'acr_values',
  'claims',
  'claims_locales',
  'id_token_hint',
  'max_age',
  'nonce',
  'response_mode',
];

/**
 * The query of an authorization request as it is understood here: without the scopes that are none of ours (RFC 6749,
 * section 3.3: they may be ignored), and with a scope in any case.
 */
export function understood(query: string): string {
  const asked = new URLSearchParams(query);
  for (const name of IGNORED) asked.delete(name);
  const scopes = asked.getAll('scope');
  if (scopes.length === 0 || scopes[0] === '') asked.set('scope', DEFAULT_SCOPE);
  const known = permissionsIn(scopes[0] ?? '');
  // Twice is a fault that it is told of; none that we know, too.
  if (scopes.length === 1 && known.length > 0) asked.set('scope', known.join(' '));
  return asked.toString();
}
