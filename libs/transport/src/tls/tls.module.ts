import { Module, type DynamicModule } from '@nestjs/common';
import { HttpsRedirect } from './https-redirect.ts';
import { TlsContexts } from './tls-contexts.ts';

/** TLS for every listener. It is opened before all else: what is wrong with a certificate stops the boot before anything is touched. */
@Module({})
export class TlsModule {
  static holding(tls: TlsContexts): DynamicModule {
    const contexts = { provide: TlsContexts, useValue: tls };
    return {
      module: TlsModule,
      global: true,
      providers: [contexts, HttpsRedirect],
      exports: [TlsContexts, HttpsRedirect],
    };
  }
}
