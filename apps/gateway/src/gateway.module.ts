import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { AdaptiveLimits, AdaptiveModule } from '#adaptive';
import { AuditModule, AuditTrail } from '#audit';
import { BlockingModule, BlockRecorder } from '#blocking';
import { Settlement, type CallRecorder } from '#call';
import { ConfigModule, type Environment } from '#config';
import { ConnectionsModule } from '#connections';
import { EncryptionModule } from '#encryption';
import { HealthModule } from '#health';
import { FirstKey, IdentityModule } from '#identity';
import { JobsModule } from '#jobs';
import { KnowledgeModule } from '#knowledge';
import { McpModule } from '#mcp';
import { OAuthModule } from '#oauth';
import { PersistenceModule } from '#persistence';
import { PipelineModule } from '#pipeline';
import { RotationModule } from '#rotation';
import { SecretsModule, type LiveSecrets } from '#secrets';
import { CallLog, CallMetrics, TelemetryModule } from '#telemetry';
import { HttpServerModule, SocketsModule, TlsModule, type TlsContexts } from '#transport';
import { ValkeyModule } from '#valkey';
import { DocsModule } from './docs/docs.module.ts';
import { RestartModule } from './restart/restart.module.ts';
import { UncaughtFaults } from './uncaught-faults.ts';

export interface GatewayOptions {
  env: Environment;
  /** Modules of your own: their controllers and tool providers walk the same pipeline. */
  features?: readonly (Type | DynamicModule)[];
  /** Where the log goes; standard output unless told. */
  logTo?: NodeJS.WritableStream;
}

/** Told of every settled call, in this order: who is blocked or limited for it, at once; then the record, which may hold the answer back. */
const settlement = {
  provide: Settlement,
  inject: [BlockRecorder, AdaptiveLimits, AuditTrail, CallMetrics, CallLog],
  useFactory: (...recorders: CallRecorder[]) => new Settlement(recorders),
};

/** The whole program, in the order in which a reader wants to meet it. */
@Module({})
export class GatewayModule {
  static register(
    { env, secrets, features = [], logTo }: GatewayOptions & { secrets: LiveSecrets },
    tls: TlsContexts,
  ): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        ConfigModule.forRoot(env),
        SecretsModule.forRoot(secrets),
        TelemetryModule.forRoot(env, logTo),
        PersistenceModule,
        ValkeyModule,
        JobsModule,
        EncryptionModule,
        AuditModule,
        RotationModule,
        TlsModule.holding(tls),
        HttpServerModule,
        BlockingModule,
        ConnectionsModule,
        IdentityModule,
        OAuthModule,
        AdaptiveModule,
        PipelineModule,
        McpModule,
        SocketsModule,
        KnowledgeModule,
        HealthModule,
        DocsModule,
        RestartModule,
        ...features,
      ],
      providers: [settlement, FirstKey, UncaughtFaults],
    };
  }
}
