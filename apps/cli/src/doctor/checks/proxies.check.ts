import { httpConfig } from '#transport';
import { fail, orPass, warn, type Check } from '../check.ts';
import { isLoopback } from './tls.check.ts';

/** A range of 16 million addresses is nobody's proxies. */
const WIDEST_V4 = 8;
const WIDEST_V6 = 32;

/** Whose word is believed about where a call comes from: limits and blocks go by it. */
export const proxiesCheck: Check = {
  name: 'proxies',
  read: 'docs/blocked-addresses.md#a-customer-is-locked-out',
  look(site) {
    const { host, trustedProxies, publicUrl } = site.config(httpConfig);
    const wide = trustedProxies.filter(isWide);
    const behind = !isLoopback(host) || publicUrl !== undefined;
    return orPass(
      [
        wide.length > 0 &&
          fail(`TRUSTED_PROXIES has ${wide.join(', ')}: whoever is there may call himself any address`),
        behind &&
          trustedProxies.length === 0 &&
          warn(
            'TRUSTED_PROXIES is empty: behind a proxy all clients are one address, with one limit and one block',
          ),
      ],
      trustedProxies.length === 0 ? 'clients come by themselves' : `${trustedProxies.length} are believed`,
    );
  },
};

function isWide(network: string): boolean {
  const [address = '', prefix] = network.split('/');
  if (prefix === undefined) return false;
  return Number(prefix) < (address.includes(':') ? WIDEST_V6 : WIDEST_V4);
}
