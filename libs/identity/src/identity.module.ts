import { Module } from '@nestjs/common';
import type { ConfigOf } from '#config';
import { Database, DataFolder } from '#persistence';
import { liveValue, Secrets } from '#secrets';
import { StateConnection, ValkeyModule } from '#valkey';
import { ApiKeysController } from './api-keys.controller.ts';
import { ApiKeys } from './api-keys.service.ts';
import { AuthenticationBudget } from './authentication-budget.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { CredentialVerifier } from './credential-verifier.ts';
import { DatabaseKeyStore } from './database-key-store.ts';
import { followPepper } from './follow-pepper.ts';
import { identityConfig } from './identity.config.ts';
import { KeyNews, NoKeyNews } from './key-news.ts';
import { KeyStore } from './key-store.ts';
import { KeyUsage } from './key-usage.ts';
import { KeyVerdicts } from './key-verdicts.ts';
import { MemoryAuthenticationBudget } from './memory-authentication-budget.ts';
import { openPepper } from './open-pepper.ts';
import { Pepper } from './pepper.ts';
import { ValkeyKeyNews } from './valkey-key-news.ts';
import { ValkeyAuthenticationBudget } from './valkey-authentication-budget.ts';
import { PrincipalStanding } from './principal-standing.ts';

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
    const { settings } = identityConfig;
    const current = liveValue(secrets, settings.pepper, config.pepper);
    const previous = liveValue(secrets, settings.previousPepper, config.previousPepper);
    followPepper(opened, { current, previous }, database);
    return opened;
  },
};

/** All that IdentityGuard needs; the guard itself stands in the list of libs/pipeline. */
@Module({
  imports: [ValkeyModule],
  controllers: [ApiKeysController],
  providers: [
    { provide: KeyStore, useClass: DatabaseKeyStore },
    pepper,
    budget,
    news,
    ConfiguredAdmin,
    KeyVerdicts,
    KeyUsage,
    CredentialVerifier,
    PrincipalStanding,
    ApiKeys,
  ],
  exports: [CredentialVerifier, PrincipalStanding, ApiKeys, KeyStore, ConfiguredAdmin, Pepper],
})
export class IdentityModule {}
