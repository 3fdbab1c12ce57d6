import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { ConfigError } from '#config';
import { persistenceConfig } from '#persistence';
import { httpConfig, tlsConfig, TlsContexts } from '#transport';
import { valkeyConfig } from '#valkey';
import { fail, orPass, warn, type Check, type Finding } from '../check.ts';
import type { Site } from '../site.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Whether what is said on the network can be read there. */
export const tlsCheck: Check = {
  name: 'tls',
  read: 'docs/runbooks/certificates.md#nothing-is-encrypted',
  look: async (site) =>
    orPass([...(await doors(site)), ...stores(site)], 'nothing leaves this machine in clear'),
};

async function doors(site: Site): Promise<(Finding | undefined | false)[]> {
  const { host, publicUrl } = site.config(httpConfig);
  if (site.config(tlsConfig).enabled) return certificate(site);
  if (isLoopback(host)) return [];
  return [
    publicUrl?.startsWith('https://')
      ? warn(
          `HOST=${host} listens in clear, and PUBLIC_URL says that a proxy ends TLS: only it may reach this port`,
        )
      : fail(`HOST=${host} listens in clear: keys can be read on the way`),
  ];
}

/** Read as the start reads it. */
async function certificate(site: Site): Promise<(Finding | false)[]> {
  try {
    const { certificate: shown } = await TlsContexts.open(site.config(tlsConfig), site.config(httpConfig));
    return shown ? judgeCertificate(shown, site.now()) : [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(fail);
    throw error;
  }
}

export function judgeCertificate(
  { validFromDate, validToDate }: Pick<X509Certificate, 'validFromDate' | 'validToDate'>,
  now: number,
): (Finding | false)[] {
  const days = Math.floor((validToDate.getTime() - now) / DAY_MS);
  const until = validToDate.toISOString().slice(0, 10);
  return [
    validFromDate.getTime() > now && fail('the certificate is not good yet'),
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
