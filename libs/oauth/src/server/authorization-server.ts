import { Inject, Injectable, Logger } from '@nestjs/common';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
import type { Call } from '#call';
import type { ConfigOf } from '#config';
import { GatehouseError, NotFound } from '#errors';
import { Pepper } from '#identity';
import { permissions } from '#rbac';
import { Accounts } from '../accounts.ts';
import { ClientStore } from '../clients/client-store.ts';
import { OAuthClients } from '../clients/oauth-clients.ts';
import { Registrations } from '../clients/registrations.ts';
import { signerOf, type SigningKey } from '../keys/signing-key.ts';
import { SigningKeys } from '../keys/signing-keys.ts';
import { oauthConfig } from '../oauth.config.ts';
import { messagePage } from '../pages/pages.ts';
import { Resources } from '../resources.ts';
import { ArtifactStore } from './artifact-store.ts';
import { documentFetch } from './client-documents.ts';
import { CookieKeys } from './cookie-keys.ts';
import { Exchange, type OAuthAnswer, type OAuthRequest } from './exchange.ts';
import { OwnTokens } from './own-tokens.ts';
import { providerSettings } from './provider-settings.ts';
import { refusalOf, tokenReused } from './refusals.ts';
import { structuredTokens } from './structured-tokens.ts';
import { TokenStanding } from './token-standing.ts';

/** What its own events say of a call that went wrong. */
const FAILURES = [
  'authorization.error',
  'discovery.error',
  'grant.error',
  'introspection.error',
  'jwks.error',
  'registration_create.error',
  'revocation.error',
  'server_error',
] as const;
/** Of OpenID Connect only, so neither offered nor, in an authorization server without it, true. */
const NOT_OURS = ['claims_supported', 'claims_parameter_supported', 'request_uri_parameter_supported'];

/**
 * The embedded authorization server (OAuth 2.1): `oidc-provider`, on our database, behind our door. It never touches a
 * connection: it is handed what the door has read, and the door sends what it has written.
 */
@Injectable()
export class AuthorizationServer {
  readonly #logger = new Logger('OAuth');
  readonly #cookieKeys: CookieKeys;
  readonly #exchanges = new WeakMap<object, { exchange: Exchange; call: Call }>();
  readonly #fetch: ReturnType<typeof documentFetch> | undefined;
  #current: { name: string; provider: Provider } | undefined;

  constructor(
    private readonly keys: SigningKeys,
    private readonly artifacts: ArtifactStore,
    private readonly clients: ClientStore,
    private readonly registrations: Registrations,
    private readonly secrets: OAuthClients,
    private readonly accounts: Accounts,
    private readonly tokens: OwnTokens,
    private readonly standing: TokenStanding,
    private readonly resources: Resources,
    pepper: Pepper,
    @Inject(oauthConfig.KEY) private readonly config: ConfigOf<typeof oauthConfig>,
  ) {
    this.#cookieKeys = new CookieKeys(() => pepper.keysFor('oauth-cookies'));
    const { clientDocuments } = config;
    if (clientDocuments !== 'off') {
      this.#fetch = documentFetch({
        to: clientDocuments === 'public' ? 'public' : 'public-or-loopback',
        askedFrom: () => this.#addressOf(Provider.ctx),
      });
    }
  }

  /** Whether tokens are issued here at all. */
  get isOn(): boolean {
    return this.config.externalIssuer === undefined;
  }

  get base(): URL {
    return new URL(this.resources.issuer);
  }

  /** What the server says to a request. @throws NotFound where it is off */
  async answer(request: OAuthRequest, call: Call): Promise<OAuthAnswer> {
    const provider = await this.provider();
    const exchange = new Exchange(request, this.base);
    this.#exchanges.set(exchange.request, { exchange, call });
    await provider.callback()(exchange.request, exchange.response);
    return exchange.answer();
  }

  /** As it is with the keys of now. */
  async provider(): Promise<Provider> {
    if (!this.isOn) throw new NotFound('Tokens are issued elsewhere: OIDC_ISSUER names where');
    const keys = await this.keys.all();
    const name = [this.resources.issuer, signerOf(keys)?.kid, ...keys.map(({ kid }) => kid)].join(' ');
    if (this.#current?.name !== name) this.#current = { name, provider: this.#build(keys) };
    return this.#current.provider;
  }

  /** @throws NotFound where clients do not register themselves */
  requireRegistration(): void {
    if (!this.isOn || !this.config.registrationEnabled) {
      throw new NotFound(
        'Clients do not register themselves here: an administrator does it, or a document at their URL',
      );
    }
  }

  /** RFC 7591, section 3.2.2. */
  refuseRegistration(): OAuthAnswer {
    const body = {
      error: 'invalid_client_metadata',
      error_description:
        'a client that registers itself acts for persons, and is sent back over https or on their machine',
    };
    const refusal = new GatehouseError(
      'AUTHORIZATION_REFUSED',
      'The registration asks for what nobody may give himself',
    );
    return {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      refusal,
    };
  }

  #build(keys: readonly SigningKey[]): Provider {
    const { artifacts, clients, registrations, secrets, accounts, resources, tokens } = this;
    const provider = new Provider(
      resources.issuer,
      providerSettings({
        keys,
        cookieKeys: this.#cookieKeys,
        stores: {
          artifacts,
          clients,
          registrations,
          secrets,
          reused: () => this.#refuseReuse(Provider.ctx),
          askedFrom: () => this.#addressOf(Provider.ctx),
        },
        accounts,
        resources,
        fetch: this.#fetch,
        secure: this.base.protocol === 'https:',
        registrationEnabled: this.config.registrationEnabled,
        documentsEnabled: this.#fetch !== undefined,
        errorPage: ({ error, error_description: why }) =>
          messagePage('This did not work', why ? `${error}: ${why}` : error),
      }),
    );
    compareByDigest(provider, secrets);
    for (const event of FAILURES) {
      provider.on(event as 'server_error', (ctx, error) => {
        const found = this.#exchanges.get(ctx.req);
        if (found) found.exchange.refusal ??= refusalOf(error);
      });
    }
    // The one thing that revokes in the course of asking for a token is a code or a refresh token that was used before.
    provider.on('grant.revoked', (ctx) => {
      if (ctx.oidc.route === 'token') this.#refuseReuse(ctx);
    });
    provider.on('error' as never, (error: unknown) => this.#logger.error(error));
    provider.use((ctx, next) => this.#conclude(ctx as KoaContextWithOIDC, next));
    provider.use(
      structuredTokens({
        tokens,
        artifacts,
        resources,
        stands: async (claims) => typeof (await this.standing.of(claims)) !== 'string',
      }) as never,
    );
    return provider;
  }

  async #conclude(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
    await next();
    const { oidc } = ctx as { oidc?: KoaContextWithOIDC['oidc'] };
    if (!oidc) return;
    if (oidc.route === 'discovery') describeOurselves(ctx);
    if (oidc.route === 'token' && ctx.status === 200 && oidc.client)
      await this.registrations.noteToken(oidc.client.clientId);
    if (oidc.route === 'resume' && oidc.entities.AuthorizationCode) await this.#endSession(ctx);
    const call = this.#exchanges.get(ctx.req)?.call;
    if (call && oidc.client) call.note('oauth_client', oidc.client.clientId.slice(0, 256));
    if (call && oidc.account) call.note('subject', oidc.account.accountId);
  }

  /** The next authorization begins with a login of its own, be it the same person's or another's. */
  async #endSession(ctx: KoaContextWithOIDC): Promise<void> {
    const { session } = ctx.oidc;
    if (session) await this.artifacts.destroy('Session', session.jti);
    ctx.cookies.set('gh_session', null, { path: this.base.pathname, signed: true });
  }

  /** Outside of a request nothing is begun. */
  #addressOf(ctx: KoaContextWithOIDC | undefined): string {
    return (ctx && this.#exchanges.get(ctx.req)?.call.address) ?? '';
  }

  #refuseReuse(ctx: KoaContextWithOIDC | undefined): void {
    const found = ctx && this.#exchanges.get(ctx.req);
    if (found) found.exchange.refusal = tokenReused();
  }
}

/** Only digests of secrets are kept, so it is digests that are compared. */
function compareByDigest(provider: Provider, secrets: Pick<OAuthClients, 'isSecret'>): void {
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    value(this: { clientSecret?: string }, shown: string): boolean {
      return this.clientSecret !== undefined && secrets.isSecret(shown, this.clientSecret);
    },
  });
}

/** RFC 8414, section 2. */
function describeOurselves(ctx: KoaContextWithOIDC): void {
  const metadata = { ...(ctx.body as Record<string, unknown>) };
  for (const name of NOT_OURS) delete metadata[name];
  metadata['scopes_supported'] = permissions;
  metadata['response_modes_supported'] = ['query'];
  ctx.body = metadata;
}
