import {
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Doorstep } from '../http-server/doorstep.ts';
import { httpConfig } from '../http-server/http.config.ts';
import type { HttpSettings } from '../http-server/server-bounds.ts';
import { CertificateEvidence } from './certificate-evidence.ts';
import { HttpsRedirect } from './https-redirect.ts';
import { TlsContexts } from './tls-contexts.ts';
import type { TlsSettings } from './tls-material.ts';
import { tlsConfig } from './tls.config.ts';

const evidence = {
  provide: CertificateEvidence,
  inject: [tlsConfig.KEY, httpConfig.KEY],
  useFactory: (tls: TlsSettings, http: HttpSettings) => new CertificateEvidence(tls, http),
};

/** TLS for every listener. It is opened before all else: what is wrong with a certificate stops the boot before anything is touched. */
@Module({})
export class TlsModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly tls: TlsContexts,
    private readonly redirect: HttpsRedirect,
    doorstep: Doorstep,
  ) {
    tls.onTurnedAway = (socket, reason) => doorstep.note(socket, reason);
  }

  static holding(tls: TlsContexts): DynamicModule {
    const contexts = { provide: TlsContexts, useValue: tls };
    return {
      module: TlsModule,
      global: true,
      providers: [contexts, evidence, HttpsRedirect],
      exports: [TlsContexts, CertificateEvidence, HttpsRedirect],
    };
  }

  onApplicationBootstrap(): void {
    this.tls.watch();
  }

  onModuleDestroy(): void {
    this.tls.close();
    this.redirect.close();
  }
}
