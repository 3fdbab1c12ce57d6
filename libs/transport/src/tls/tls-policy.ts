import { constants } from 'node:crypto';
import type { SecureContextOptions, TlsOptions } from 'node:tls';

/**
 * AEAD with forward secrecy, and nothing else (MAD-12, RAG-10; RFC 9325, section 4.2): TLS 1.3 has no other suites than
 * these and AES-CCM, of TLS 1.2 these are left.
 */
const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/** A client has this long to shake hands: two or three round trips, also by way of a satellite. */
const HANDSHAKE_MS = 10_000;

/** What of a handshake goes by the certificate, and changes with it. */
export function secureContextOptions(
  material: Pick<SecureContextOptions, 'cert' | 'key' | 'ca' | 'crl'>,
): SecureContextOptions {
  const {
    SSL_OP_NO_RENEGOTIATION,
    SSL_OP_CIPHER_SERVER_PREFERENCE,
    SSL_OP_PRIORITIZE_CHACHA,
    SSL_OP_NO_TICKET,
  } = constants;
  return {
    ...material,
    minVersion: 'TLSv1.2',
    ciphers: SUITES,
    honorCipherOrder: true,
    secureOptions:
      // CVE-2011-1473: a client that shakes hands over and over costs us more than itself.
      SSL_OP_NO_RENEGOTIATION |
      SSL_OP_CIPHER_SERVER_PREFERENCE |
      SSL_OP_PRIORITIZE_CHACHA |
      // A session that is resumed is not verified again: a certificate that was revoked since would still be good.
      (material.ca === undefined ? 0 : SSL_OP_NO_TICKET),
  };
}

/** What of a listener goes by the settings, and stays. */
export function listenerOptions({ clientCertificates }: { clientCertificates: boolean }): TlsOptions {
  return {
    handshakeTimeout: HANDSHAKE_MS,
    requestCert: clientCertificates,
    // A bad one is refused as a bad key is, with an answer and a record; MTLS_REQUIRED is looked after in TlsContexts.
    rejectUnauthorized: false,
  };
}
