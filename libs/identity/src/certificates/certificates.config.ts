import { defineConfig, type Setting } from '#config';
import { CertificatePrincipals } from './certificate-principals.ts';

const principals: Setting<CertificatePrincipals> = {
  env: 'MTLS_PRINCIPALS',
  aliases: [],
  description:
    'Whose a client certificate is, by its common name or an alternative name of its subject; all others are refused',
  shape:
    'cn:|dns:|uri:|email:NAME=principal:role[:tier], separated by commas, as in uri:spiffe://mesh/orders=orders:service:pro',
  default: new CertificatePrincipals([]),
  secret: false,
  parse: (raw) => CertificatePrincipals.parse(raw),
};

export const certificatesConfig = defineConfig('certificates', { principals });
