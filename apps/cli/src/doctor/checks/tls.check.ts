import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { persistenceConfig } from '#persistence';
import { httpConfig } from '#transport';
import { valkeyConfig } from '#valkey';
import { fail, orPass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Whether what is said on the network can be read there. */
export const tlsCheck: Check = {
  name: 'tls',
  read: 'docs/runbooks/certificates.md#nothing-is-encrypted',
  look: (site) => orPass([...doors(site), ...stores(site)], 'nothing leaves this machine in clear'),
};

function doors(site: Site): (Finding | undefined | false)[] {
  const { host, publicUrl } = site.config(httpConfig);
  if (site.valueOf('SSL_ENABLED') === true) return certificate(site);
  if (isLoopback(host)) return [];
  return [
    publicUrl?.startsWith('https://')
      ? warn(
          `HOST=${host} listens in clear, and PUBLIC_URL says that a proxy ends TLS: only it may reach this port`,
        )
      : fail(`HOST=${host} listens in clear: keys can be read on the way`),
  ];
}

function certificate(site: Site): (Finding | undefined | false)[] {
  const [certPath, keyPath] = ['SSL_CERT_PATH', 'SSL_KEY_PATH'].map((name) => site.valueOf(name));
  if (typeof certPath !== 'string' || typeof keyPath !== 'string')
    return [fail('SSL_ENABLED, and SSL_CERT_PATH or SSL_KEY_PATH is not set')];
  return judgeCertificate(certPath, keyPath, site.now());
}

export function judgeCertificate(certPath: string, keyPath: string, now: number): (Finding | false)[] {
  const cert = new X509Certificate(readFileSync(certPath));
  const days = Math.floor((cert.validToDate.getTime() - now) / DAY_MS);
  const until = cert.validToDate.toISOString().slice(0, 10);
  return [
    !cert.checkPrivateKey(createPrivateKey(readFileSync(keyPath))) &&
      fail('the key in SSL_KEY_PATH is not that of the certificate in SSL_CERT_PATH'),
    cert.validFromDate.getTime() > now && fail('the certificate is not good yet'),
    days < 0 && fail(`the certificate was good until ${until}`),
    days >= 0 && days < SOON_DAYS && warn(`the certificate is good until ${until}, ${days} days from now`),
  ];
}

function stores(site: Site): (Finding | undefined | false)[] {
  const { url } = site.config(persistenceConfig);
  const { url: cache, stateUrl: state } = site.config(valkeyConfig);
  return [
    isFar(url) &&
      !/[?&]sslmode=(require|verify-ca|verify-full)\b/.test(url!) &&
      warn('DATABASE_URL has no sslmode=verify-full: what it holds is read and written in clear'),
    ...Object.entries({ VALKEY_URL: cache, VALKEY_STATE_URL: state }).map(
      ([name, address]) =>
        isFar(address) &&
        !/^(rediss|valkeys):/.test(address!) &&
        warn(`${name} is not rediss:// or valkeys://: its password goes over the network in clear`),
    ),
  ];
}

function isFar(address: string | undefined): boolean {
  return address !== undefined && !isLoopback(new URL(address).hostname);
}

/** An empty host of a URL is a socket of this machine. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  return (
    plain === '' ||
    plain === 'localhost' ||
    plain === '::1' ||
    (isIP(plain) === 4 && plain.startsWith('127.'))
  );
}
