import { errors, interactionPolicy, type Configuration } from 'oidc-provider';
import type { Permission } from '#call';
import { permissions } from '#rbac';
import type { Accounts } from '../accounts.ts';
import type { ClientStore } from '../clients/client-store.ts';
import { ownScopes, permissionsIn, scopesOfStrangers } from '../clients/oauth-client.ts';
import { isSafeRedirect } from '../clients/redirect-uri.ts';
import { signerOf, SIGNING_ALGORITHM, type SigningKey } from '../keys/signing-key.ts';
import { lifetimes } from '../lifetimes.ts';
import type { Resources } from '../resources.ts';
import { adaptersOn, type Stores } from './adapters.ts';
import type { CookieKeys } from './cookie-keys.ts';

export interface ProviderParts {
  readonly keys: readonly SigningKey[];
  readonly cookieKeys: CookieKeys;
  readonly stores: Stores;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly resources: Resources;
  readonly fetch: Configuration['fetch'];
  readonly secure: boolean;
  readonly registrationEnabled: boolean;
  readonly documentsEnabled: boolean;
  /** The page of an error that can't be sent back to the client. */
  readonly errorPage: (
    out: { error: string; error_description?: string },
    error: Error,
  ) => { html: string; headers: Record<string, string> };
}

/** OAuth 2.1 and no more: what of OpenID Connect and older OAuth `oidc-provider` can do besides is off. */
export function providerSettings(parts: ProviderParts): Configuration {
  const { keys, stores, accounts, resources, secure } = parts;
  const signer = signerOf(keys) ?? keys[0]!;
  const root = new URL(resources.issuer).pathname;
  const cookies = { httpOnly: true, sameSite: 'lax', secure, signed: true } as const;
  return {
    adapter: adaptersOn(stores),
    // The one that signs stands first: the first that fits is taken.
    jwks: {
      keys: [signer, ...keys.filter((key) => key !== signer)].map(({ privateJwk }) => privateJwk),
    },
    cookies: {
      keys: parts.cookieKeys as never,
      names: { session: 'gh_session', interaction: 'gh_interaction', resume: 'gh_resume' },
      long: { ...cookies, path: root },
      short: { ...cookies, path: root },
    },
    routes: {
      authorization: '/authorize',
      token: '/token',
      jwks: '/jwks',
      registration: '/register',
      revocation: '/revoke',
      introspection: '/introspect',
    },
    scopes: permissions,
    claims: {},
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    clientDefaults: {
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      id_token_signed_response_alg: SIGNING_ALGORITHM,
    } as never,
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    revokeGrantPolicy: () => true,
    // A session lasts from the first page to the last; what a person consented to lasts longer.
    expiresWithSession: () => false,
    ttl: {
      AccessToken: lifetimes.accessToken,
      AuthorizationCode: lifetimes.code,
      ClientCredentials: lifetimes.accessToken,
      Grant: lifetimes.grant,
      Interaction: lifetimes.interaction,
      RefreshToken: lifetimes.refreshToken,
      Session: lifetimes.session,
    },
    interactions: {
      url: (_, interaction) => `${root}/interaction/${interaction.uid}`,
      policy: policyOf(),
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      introspection: {
        enabled: true,
        allowedPolicy: (_, client, token) => token.clientId === client.clientId,
      },
      registration: {
        enabled: parts.registrationEnabled,
        initialAccessToken: false,
        issueRegistrationAccessToken: false,
      },
      clientIdMetadataDocument: {
        enabled: parts.documentsEnabled,
        ack: 'draft-02',
        allowClient: (_, client) =>
          (client.grantTypes ?? []).every(
            (grant) => grant === 'authorization_code' || grant === 'refresh_token',
          ) && (client.redirectUris ?? []).every(isSafeRedirect),
        cacheDuration: { min: 60, max: 3600 },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resources.mcp,
        useGrantedResource: () => true,
        async getResourceServerInfo(ctx, indicator, client) {
          const audience = resources.audienceOf(indicator);
          if (!audience) throw new errors.InvalidTarget();
          const scopes = await scopesFor(stores.clients, client.clientId, ctx.oidc.params?.['grant_type']);
          const { params } = ctx.oidc;
          // RFC 6749, section 3.3: without a scope, what the client was made for.
          if (params?.['grant_type'] === 'client_credentials') params['scope'] ??= scopes.join(' ');
          return {
            audience,
            scope: scopes.join(' '),
            accessTokenFormat: 'jwt',
            accessTokenTTL: lifetimes.accessToken,
            jwt: { sign: { alg: SIGNING_ALGORITHM, kid: signer.kid } },
          };
        },
      },
    },
    async findAccount(_, id) {
      const account = await accounts.find(id);
      return account && { accountId: id, claims: async () => ({ sub: id }) };
    },
    extraTokenClaims: (ctx, token) => {
      const { AuthorizationCode: code, RefreshToken: refresh } = ctx.oidc.entities;
      const shown = code ?? refresh;
      const otpAt = shown?.amr?.includes('otp') ? shown.authTime : undefined;
      const grant = 'grantId' in token ? token.grantId : undefined;
      return {
        ...(grant !== undefined && { grant_id: grant }),
        ...(otpAt !== undefined && { otp_at: otpAt }),
      };
    },
    ...(parts.fetch && { fetch: parts.fetch }),
    renderError(ctx, out, error) {
      const { html, headers } = parts.errorPage(out as { error: string }, error);
      ctx.set(headers);
      ctx.type = 'html';
      ctx.body = html;
    },
  };
}

/** Everybody logs in each time, and is asked each time: no page of another may start what a person has not seen. */
function policyOf() {
  const { Check, base } = interactionPolicy;
  const policy = base();
  const login = policy.get('login')!;
  login.checks.add(
    new Check('fresh_login', 'a login is required', (ctx) => ctx.oidc.result?.login === undefined),
  );
  const consent = policy.get('consent')!;
  // Our scopes are those of the resource; asked for once.
  consent.checks.remove('op_scopes_missing');
  consent.checks.remove('op_claims_missing');
  consent.checks.add(
    new Check('fresh_consent', 'consent is required', (ctx) => ctx.oidc.result?.consent === undefined),
  );
  return policy;
}

/** What a client may have of the resource. */
async function scopesFor(clients: ClientStore, id: string, grant: unknown): Promise<readonly Permission[]> {
  const client = await clients.find(id);
  if (!client) return scopesOfStrangers;
  if (grant === 'client_credentials') return client.registered ? [] : ownScopes(client);
  const named = client.metadata.scope ? permissionsIn(client.metadata.scope) : scopesOfStrangers;
  return client.registered ? named.filter((scope) => scopesOfStrangers.includes(scope)) : named;
}
