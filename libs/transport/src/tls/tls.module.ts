import {
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { AuditModule, AuditTrail } from '#audit';
import { httpConfig } from '../http-server/http.config.ts';
import type { HttpSettings } from '../http-server/server-bounds.ts';
import { CertificateEvidence } from './certificate-evidence.ts';
import { HttpsRedirect } from './https-redirect.ts';
import { RefusedHandshakes } from './refused-handshakes.ts';
import { TlsContexts } from './tls-contexts.ts';
import type { TlsSettings } from './tls-material.ts';
import { tlsConfig } from './tls.config.ts';

const evidence = {
  provide: CertificateEvidence,
  inject: [tlsConfig.KEY, httpConfig.KEY],
  useFactory: (tls: TlsSettings, http: HttpSettings) => new CertificateEvidence(tls, http),
};

const refusedHandshakes = {
  provide: RefusedHandshakes,
  inject: [AuditTrail, TlsContexts],
  useFactory: (audit: AuditTrail, tls: TlsContexts) => {
    const handshakes = new RefusedHandshakes(audit);
    tls.onRefused = (socket, reason) => handshakes.note(socket, reason);
    return handshakes;
  },
};

/** TLS for every listener. It is opened before all else: what is wrong with a certificate stops the boot before anything is touched. */
@Module({})
export class TlsModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly tls: TlsContexts,
    private readonly redirect: HttpsRedirect,
    private readonly refused: RefusedHandshakes,
  ) {}

  static holding(tls: TlsContexts): DynamicModule {
    const contexts = { provide: TlsContexts, useValue: tls };
    return {
      module: TlsModule,
      global: true,
      imports: [AuditModule],
      providers: [contexts, evidence, refusedHandshakes, HttpsRedirect],
      exports: [TlsContexts, CertificateEvidence, HttpsRedirect],
    };
  }

  onApplicationBootstrap(): void {
    this.tls.watch();
  }

  onModuleDestroy(): void {
    this.tls.close();
    this.redirect.close();
    this.refused.close();
  }
}
