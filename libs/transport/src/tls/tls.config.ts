import { defineConfig, setting } from '#config';

const file = (env: string, description: string) =>
  setting.optional({ env, description, shape: 'a path of a file' });

export const tlsConfig = defineConfig('tls', {
  enabled: setting.boolean({
    env: 'SSL_ENABLED',
    description: 'Listen with TLS 1.2 and 1.3 on every port',
    default: false,
  }),
  certPath: file(
    'SSL_CERT_PATH',
    'Certificate in PEM, followed by those between it and its root; read again when it changes',
  ),
  keyPath: file('SSL_KEY_PATH', 'Private key of the certificate in PEM, without a passphrase'),
  redirectPort: setting.integer({
    env: 'HTTPS_REDIRECT_PORT',
    description:
      'Port that sends clients without TLS to PUBLIC_URL, or to the same host with TLS; 0 for none',
    default: 0,
    min: 0,
    max: 65_535,
  }),
  clientCertificates: setting.boolean({
    env: 'MTLS_ENABLED',
    description: 'Take client certificates as credentials, beside keys: MTLS_PRINCIPALS says whose they are',
    default: false,
  }),
  caPath: file('MTLS_CA_PATH', 'Certificates in PEM of those who sign client certificates'),
  crlPath: file('MTLS_CRL_PATH', 'Lists of what they have revoked, in PEM: one of each of them'),
  required: setting.boolean({
    env: 'MTLS_REQUIRED',
    description: 'Close connections without a good client certificate, but on the management port',
    default: false,
  }),
  forwarded: setting.boolean({
    env: 'MTLS_FORWARDED',
    description: 'Believe X-Forwarded-Client-Cert of TRUSTED_PROXIES, where a mesh ends TLS before us',
    default: false,
  }),
});
