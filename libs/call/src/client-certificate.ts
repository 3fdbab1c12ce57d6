/** What a certificate says its holder is: `cn:` the subject's common name, the others alternative names of its subject. */
export type CertificateName = `${'cn' | 'dns' | 'uri' | 'email'}:${string}`;

/**
 * The certificate of who calls, as the door has it from TLS itself, or from a proxy that it trusts. Never from what a
 * client merely says.
 */
export interface ClientCertificate {
  /** SHA-256 of the certificate, in lower-case hex. */
  readonly fingerprint: string;
  readonly names: readonly CertificateName[];
  /** Why it proves nothing, in OpenSSL's words (`CERT_REVOKED`); undefined where it was verified. */
  readonly fault: string | undefined;
  /** Epoch milliseconds; Infinity where a proxy has verified it. */
  readonly expiresAt: number;
}
