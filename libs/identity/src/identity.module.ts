import { Module } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { Database, DataFolder } from '#persistence';
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
import { Verdicts } from './verdicts.ts';

/** Of all processes together with Valkey; without it each has its own. */
const budget = {
  provide: AuthenticationBudget,
  inject: [identityConfig.KEY, StateConnection],
  useFactory: (config: ConfigOf<typeof identityConfig>, connection: StateConnection | undefined) => {
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

const authorities = {
  provide: Authorities,
  inject: [ApiKeyAuthority, CertificateAuthority],
  useFactory: (...own: Authority[]) => {
    const all = new Authorities();
    for (const authority of own) all.add(authority);
    return all;
  },
};

/** All that IdentityGuard needs; the guard itself stands in the list of libs/pipeline. */
@Module({
  imports: [ValkeyModule],
  controllers: [ApiKeysController],
  providers: [
    { provide: KeyStore, useClass: DatabaseKeyStore },
    { provide: Pepper, useFactory: openPepper, inject: [identityConfig.KEY, Database, DataFolder] },
    budget,
    news,
    ApiKeyAuthority,
    CertificateAuthority,
    authorities,
    ConfiguredAdmin,
    Verdicts,
    KeyUsage,
    CredentialVerifier,
    CallerProof,
    PrincipalStanding,
    ApiKeys,
  ],
  exports: [
    Authorities,
    CallerProof,
    CredentialVerifier,
    PrincipalStanding,
    ApiKeys,
    KeyStore,
    ConfiguredAdmin,
    Pepper,
    Verdicts,
  ],
})
export class IdentityModule {}
