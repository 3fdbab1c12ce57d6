import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { ConfigError, type ConfigOf } from '#config';
import { Authorities, IdentityModule, tokensConfig } from '#identity';
import { Accounts } from './accounts.ts';
import { ClientStore } from './clients/client-store.ts';
import { OAuthAdminController } from './clients/oauth-admin.controller.ts';
import { OAuthClients } from './clients/oauth-clients.ts';
import { Registrations } from './clients/registrations.ts';
import { GrantsModule } from './grants/grants.module.ts';
import { OAuthGrantsController } from './grants/oauth-grants.controller.ts';
import { OAuthGrants } from './grants/oauth-grants.ts';
import { IdentityAccounts } from './identity-accounts.ts';
import { SigningKeys } from './keys/signing-keys.ts';
import { oauthConfig } from './oauth.config.ts';
import { isLoopback } from './outbound/special-addresses.ts';
import { Interactions } from './pages/interactions.ts';
import { EmbeddedAuthority } from './resource/embedded-authority.ts';
import { ExternalAuthority } from './resource/external-authority.ts';
import { Resources } from './resources.ts';
import { AuthorizationServer } from './server/authorization-server.ts';
import { OwnTokens } from './server/own-tokens.ts';
import { TokenStanding } from './server/token-standing.ts';

/** Access tokens: who issues them (here, or OIDC_ISSUER), and whom they let in. */
@Module({
  imports: [IdentityModule, GrantsModule],
  controllers: [OAuthAdminController, OAuthGrantsController],
  providers: [
    Resources,
    SigningKeys,
    ClientStore,
    OAuthClients,
    Registrations,
    OAuthGrants,
    { provide: Accounts, useClass: IdentityAccounts },
    OwnTokens,
    TokenStanding,
    AuthorizationServer,
    Interactions,
    EmbeddedAuthority,
  ],
  exports: [AuthorizationServer, Interactions],
})
export class OAuthModule implements OnModuleInit {
  constructor(
    private readonly authorities: Authorities,
    private readonly embedded: EmbeddedAuthority,
    private readonly resources: Resources,
    private readonly keys: SigningKeys,
    @Inject(oauthConfig.KEY) private readonly config: ConfigOf<typeof oauthConfig>,
    @Inject(tokensConfig.KEY) private readonly lifetimes: ConfigOf<typeof tokensConfig>,
  ) {}

  async onModuleInit(): Promise<void> {
    const { externalIssuer: issuer, audiences, roleClaim, plainJwtsAllowed } = this.config;
    if (issuer === undefined) {
      this.authorities.add(this.embedded);
      await this.keys.all(); // A key that does not open, or can't be made, is a fault of the start.
      return;
    }
    requireTls(issuer);
    const { secondFactorMinutes } = this.lifetimes;
    const options = { issuer, audiences, roleClaim, plainJwtsAllowed, secondFactorMinutes };
    this.authorities.add(new ExternalAuthority(options, this.resources));
  }
}

/** Whoever could change its metadata on the way could let anybody in. */
function requireTls(issuer: string): void {
  const { protocol, hostname } = new URL(issuer);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'https:' || host === 'localhost' || isLoopback(host)) return;
  throw new ConfigError(['OIDC_ISSUER must be an https URL: http is for an issuer on this machine only']);
}
