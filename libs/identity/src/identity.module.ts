import { Global, Module } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { EnvelopeModule } from '#encryption';
import { Database, DataFolder } from '#persistence';
import { Secrets } from '#secrets';
import { StateConnection, ValkeyModule } from '#valkey';
import { ApiKeyAuthority } from './api-key-authority.ts';
import { ApiKeysController } from './api-keys.controller.ts';
import { ApiKeys } from './api-keys.service.ts';
import { Authorities, type Authority } from './authority.ts';
import { AuthenticationBudget } from './authentication-budget.ts';
import { CallerProof } from './caller-proof.ts';
import { CertificateAuthority } from './certificates/certificate-authority.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { CredentialVerifier } from './credential-verifier.ts';
import { DatabaseKeyStore } from './database-key-store.ts';
import { followPepper } from './follow-pepper.ts';
import { Doubts } from './doubts.ts';
import { DoorTokens } from './door-tokens.ts';
import { identityConfig } from './identity.config.ts';
import { KeyNews, NoKeyNews } from './key-news.ts';
import { KeyStore } from './key-store.ts';
import { KeyUsage } from './key-usage.ts';
import { MemoryAuthenticationBudget } from './memory-authentication-budget.ts';
import { openPepper } from './open-pepper.ts';
import { Pepper } from './pepper.ts';
import { ValkeyKeyNews } from './valkey-key-news.ts';
import { ValkeyAuthenticationBudget } from './valkey-authentication-budget.ts';
import { PrincipalStanding } from './principal-standing.ts';
import { EnrolmentCodes } from './login/enrolment-codes.ts';
import { KnownNetworks } from './login/known-networks.ts';
import { LoginThrottle } from './login/login-throttle.ts';
import { LoginUpkeep } from './login/login-upkeep.ts';
import { SecondFactors } from './login/second-factors.ts';
import { UserLogin } from './login/user-login.ts';
import { AccessTokens } from './tokens/access-tokens.ts';
import { AuthController } from './tokens/auth.controller.ts';
import { TokenFamilies } from './tokens/token-families.ts';
import { TokenKeys } from './tokens/token-keys.ts';
import { UserSessions } from './tokens/user-sessions.ts';
import { UserTokenAuthority } from './tokens/user-token-authority.ts';
import { Departures } from './users/departures.ts';
import { PasswordHasher } from './users/password-hasher.ts';
import { UserDeletion } from './users/user-deletion.ts';
import { UserStore } from './users/user-store.ts';
import { UsersController } from './users/users.controller.ts';
import { Users } from './users/users.service.ts';
import { Verdicts } from './verdicts.ts';

type IdentitySettings = ConfigOf<typeof identityConfig>;

/** Of all processes together with Valkey; without it each has its own. */
const budget = {
  provide: AuthenticationBudget,
  inject: [identityConfig.KEY, StateConnection],
  useFactory: (config: IdentitySettings, connection: StateConnection | undefined) => {
    const local = new MemoryAuthenticationBudget(config);
    return connection ? new ValkeyAuthenticationBudget({ keyspace: connection, local, config }) : local;
  },
};

const news = {
  provide: KeyNews,
  inject: [StateConnection],
  useFactory: (connection: StateConnection | undefined) =>
    connection ? new ValkeyKeyNews(connection) : new NoKeyNews(),
};

const pepper = {
  provide: Pepper,
  inject: [identityConfig.KEY, Database, DataFolder, { token: Secrets, optional: true }],
  async useFactory(config: IdentitySettings, database: Database, folder: DataFolder, secrets?: Secrets) {
    const opened = await openPepper(config, database, folder);
    if (secrets) followPepper(opened, { config, secrets, database });
    return opened;
  },
};

const authorities = {
  provide: Authorities,
  inject: [ApiKeyAuthority, UserTokenAuthority, DoorTokens, CertificateAuthority],
  useFactory: (...own: Authority[]) => {
    const all = new Authorities();
    for (const authority of own) all.add(authority);
    return all;
  },
};

/** People: who they are, how they prove it, and what they go on with. */
const people = [
  UserStore,
  Departures,
  UserDeletion,
  PasswordHasher,
  Users,
  EnrolmentCodes,
  SecondFactors,
  KnownNetworks,
  LoginThrottle,
  LoginUpkeep,
  UserLogin,
  TokenKeys,
  AccessTokens,
  TokenFamilies,
  UserSessions,
  UserTokenAuthority,
];

/**
 * All that IdentityGuard needs; the guard itself stands in the list of libs/pipeline. Global: whatever keeps a connection
 * open asks whether its caller is still good, and has nobody to ask where a program knows no callers.
 */
@Global()
@Module({
  imports: [ValkeyModule, EnvelopeModule],
  controllers: [ApiKeysController, UsersController, AuthController],
  providers: [
    { provide: KeyStore, useClass: DatabaseKeyStore },
    pepper,
    budget,
    news,
    ApiKeyAuthority,
    DoorTokens,
    CertificateAuthority,
    authorities,
    ConfiguredAdmin,
    Verdicts,
    KeyUsage,
    CredentialVerifier,
    CallerProof,
    PrincipalStanding,
    Doubts,
    ApiKeys,
    ...people,
  ],
  exports: [
    Authorities,
    CallerProof,
    CredentialVerifier,
    DoorTokens,
    Doubts,
    PrincipalStanding,
    ApiKeys,
    KeyStore,
    ConfiguredAdmin,
    Departures,
    Pepper,
    Verdicts,
    Users,
    UserLogin,
    UserSessions,
  ],
})
export class IdentityModule {}
