import {
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { LiveSecrets } from './live-secrets.ts';
import { Secrets } from './secrets.ts';

/** Gives `Secrets` to whoever injects it, and keeps them up to date while the program runs. */
@Module({})
export class SecretsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(private readonly secrets: Secrets) {}

  static forRoot(secrets: LiveSecrets): DynamicModule {
    const provider = { provide: Secrets, useValue: secrets };
    return { module: SecretsModule, global: true, providers: [provider], exports: [provider] };
  }

  onApplicationBootstrap(): void {
    if (this.secrets instanceof LiveSecrets) this.secrets.start();
  }

  onApplicationShutdown(): void {
    if (this.secrets instanceof LiveSecrets) this.secrets.close();
  }
}
