import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { ConfigOf } from '#config';
import { secureContextOptions } from './tls-policy.ts';
import type { tlsConfig } from './tls.config.ts';

export type TlsSettings = ConfigOf<typeof tlsConfig>;

/** What the files hold, once it is known to be usable. */
export interface TlsMaterial {
  readonly leaf: X509Certificate;
  readonly context: SecureContextOptions;
  /** Tells one content of all files from another. */
  readonly revision: string;
  /** The same of those that say which client certificates are good. */
  readonly trust: string;
}

/** Nothing that is read here is larger: a CRL of a large authority has some megabytes. */
const MAX_BYTES = 16 * 1024 * 1024;
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Node reads one list of a text, and OpenSSL wants each to begin a line: so each is given by itself. */
const LISTS = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

/** Reads the files anew. What is wrong with them is added to `faults`, by the names of the settings; never their content. */
export async function readMaterial(
  settings: TlsSettings,
  faults: string[],
): Promise<TlsMaterial | undefined> {
  const { certPath, keyPath, caPath, crlPath, clientCertificates } = settings;
  const [cert, key, ca, crl] = await Promise.all([
    read('SSL_CERT_PATH', certPath, faults),
    read('SSL_KEY_PATH', keyPath, faults),
    clientCertificates ? read('MTLS_CA_PATH', caPath, faults) : undefined,
    clientCertificates ? read('MTLS_CRL_PATH', crlPath, faults) : undefined,
  ]);
  const authorities = certificatesIn(ca);
  const lists = crl?.match(LISTS);
  if (ca !== undefined && !authorities) faults.push('MTLS_CA_PATH holds no certificate in PEM');
  if (crl !== undefined && !lists) faults.push('MTLS_CRL_PATH holds no certificate revocation list in PEM');
  if (cert === undefined || key === undefined || faults.length > 0) return undefined;
  const leaf = leafOf(cert, key, faults);
  if (!leaf) return undefined;
  const trust = JSON.stringify([ca, crl]);
  const context = secureContextOptions({
    cert,
    key,
    ...(authorities && { ca: authorities }),
    ...(lists && { crl: [...lists] }),
  });
  if (!isUsable(context, faults)) return undefined;
  return { leaf, context, trust, revision: JSON.stringify([cert, key, trust]) };
}

async function read(name: string, path: string | undefined, faults: string[]): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const bytes = await readFile(path);
    if (bytes.length <= MAX_BYTES) return bytes.toString('latin1');
    faults.push(`${name} is larger than ${MAX_BYTES} bytes`);
  } catch (error) {
    faults.push(`${name} can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
  }
  return undefined;
}

function leafOf(cert: string, key: string, faults: string[]): X509Certificate | undefined {
  const leaf = attempt(() => new X509Certificate(cert));
  const privateKey = attempt(() => createPrivateKey(key));
  if (!leaf) faults.push('SSL_CERT_PATH holds no certificate in PEM');
  if (!privateKey) faults.push('SSL_KEY_PATH holds no private key in PEM, or one with a passphrase');
  if (!leaf || !privateKey) return undefined;
  if (leaf.checkPrivateKey(privateKey)) return leaf;
  faults.push(
    'SSL_CERT_PATH and SSL_KEY_PATH do not belong together: the key is not that of the first certificate',
  );
  return undefined;
}

/** OpenSSL has a say too: a key that is too short, a signature by SHA-1. */
function isUsable(context: SecureContextOptions, faults: string[]): boolean {
  try {
    createSecureContext(context);
    return true;
  } catch (error) {
    const { reason, code } = error as Error & { reason?: string; code?: string };
    faults.push(
      `OpenSSL refuses what SSL_CERT_PATH, SSL_KEY_PATH, MTLS_CA_PATH or MTLS_CRL_PATH hold (${reason ?? code ?? 'unknown reason'})`,
    );
    return false;
  }
}

/** OpenSSL passes over what it can't read, and would then trust nobody. */
function certificatesIn(text: string | undefined): string[] | undefined {
  const found = text?.match(CERTIFICATES) ?? [];
  const areSound = found.every((one) => attempt(() => new X509Certificate(one)));
  return found.length > 0 && areSound ? [...found] : undefined;
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
