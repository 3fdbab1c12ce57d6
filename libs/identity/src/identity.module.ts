import { Module } from '@nestjs/common';
import { Database, DataFolder } from '#persistence';
import { ApiKeysController } from './api-keys.controller.ts';
import { ApiKeys } from './api-keys.service.ts';
import { AuthenticationBudget } from './authentication-budget.ts';
import { ConfiguredAdmin } from './configured-admin.ts';
import { CredentialVerifier } from './credential-verifier.ts';
import { DatabaseKeyStore } from './database-key-store.ts';
import { identityConfig } from './identity.config.ts';
import { KeyStore } from './key-store.ts';
import { KeyUsage } from './key-usage.ts';
import { KeyVerdicts } from './key-verdicts.ts';
import { MemoryAuthenticationBudget } from './memory-authentication-budget.ts';
import { openPepper } from './open-pepper.ts';
import { Pepper } from './pepper.ts';
import { PrincipalStanding } from './principal-standing.ts';

/** All that IdentityGuard needs; the guard itself stands in the list of libs/pipeline. */
@Module({
  controllers: [ApiKeysController],
  providers: [
    { provide: KeyStore, useClass: DatabaseKeyStore },
    { provide: Pepper, useFactory: openPepper, inject: [identityConfig.KEY, Database, DataFolder] },
    { provide: AuthenticationBudget, useClass: MemoryAuthenticationBudget },
    ConfiguredAdmin,
    KeyVerdicts,
    KeyUsage,
    CredentialVerifier,
    PrincipalStanding,
    ApiKeys,
  ],
  exports: [CredentialVerifier, PrincipalStanding, ApiKeys, KeyStore, ConfiguredAdmin],
})
export class IdentityModule {}
