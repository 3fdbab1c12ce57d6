import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { openssl } from './openssl.ts';
import { scratchFolder } from './scratch-folder.ts';

export interface Pair {
  cert: string;
  key: string;
}

export interface CertificateOptions {
  name?: string;
  /** As in `{ type: 2, value: 'agent.example' }`: 1 email, 2 DNS, 6 URI, 7 address. */
  altNames?: { type: 1 | 2 | 6 | 7; value?: string; ip?: string }[];
  /** Milliseconds from now. */
  from?: number;
  until?: number;
  /** Without one it is signed by itself. */
  by?: Pair;
}

const DAY_MS = 86_400_000;
const LOCAL: NonNullable<CertificateOptions['altNames']> = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
];

/** One that signs others. */
export async function authority(name: string): Promise<Pair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert, key };
}

/** A certificate for a server on this machine, or for a client. */
export async function certificate(options: CertificateOptions = {}): Promise<Pair> {
  const { name = 'localhost', altNames = LOCAL, from = -DAY_MS, until = DAY_MS, by } = options;
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + from),
    notAfterDate: new Date(Date.now() + until),
    extensions: altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : [{ name: 'basicConstraints' }],
    ...(by && { ca: by }),
  });
  return { cert, key };
}

/** Writes a pair, and gives the settings that name it. */
export function sslSettings(folder: string, { cert, key }: Pair): Record<string, string> {
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key, { mode: 0o600 });
  return { SSL_ENABLED: 'true', SSL_CERT_PATH: certPath, SSL_KEY_PATH: keyPath };
}

/** The list of what an authority has revoked, in PEM. */
export async function revocationList(by: Pair, revoked: readonly Pair[]): Promise<string> {
  await using folder = await scratchFolder();
  const at = (name: string): string => join(folder.path, name);
  writeFileSync(at('ca.pem'), by.cert);
  writeFileSync(at('ca.key'), by.key, { mode: 0o600 });
  writeFileSync(
    at('index.txt'),
    revoked.map(({ cert }) => `${indexLineOf(new X509Certificate(cert))}\n`).join(''),
  );
  writeFileSync(at('crlnumber'), '01\n');
  const settings = {
    database: at('index.txt'),
    crlnumber: at('crlnumber'),
    default_md: 'sha256',
    default_crl_days: '1',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(at('ca.cnf'), ['[ca]', 'default_ca = own', '[own]', ...lines, ''].join('\n'));
  const files = ['-config', at('ca.cnf'), '-cert', at('ca.pem'), '-keyfile', at('ca.key')];
  const { code, err } = await openssl(['ca', '-gencrl', ...files, '-out', at('crl.pem')]);
  if (code !== 0) throw new Error(`OpenSSL made no list: ${err}`);
  return readFileSync(at('crl.pem'), 'utf8');
}

/** A line of OpenSSL's data base of certificates: revoked, expires, revoked at, serial number, file, subject. */
function indexLineOf({ serialNumber }: X509Certificate): string {
  return ['R', '991231235959Z', '200101000000Z', serialNumber, 'unknown', '/CN=revoked'].join('\t');
}
