import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';

/**
 * Asks name servers itself. What the system offers, `getaddrinfo`, waits in one of the few threads that also write the
 * audit trail and check passwords: a stranger whose name servers are silent could hold all of them, and can't be hung up
 * on. It knows nothing of `/etc/hosts` either, which is about this network and none of a stranger's business.
 */
export const publicNames = new Resolver({ timeout: 1_000, tries: 2 });

/** @throws Error where nobody knows the name, or says so in time */
export async function addressesOf(name: string): Promise<LookupAddress[]> {
  if (name === 'localhost') return [{ address: '127.0.0.1', family: 4 }];
  const [four, six] = await Promise.allSettled([publicNames.resolve4(name), publicNames.resolve6(name)]);
  if (four.status === 'rejected' && six.status === 'rejected') throw four.reason as Error;
  return [
    ...(four.status === 'fulfilled' ? four.value : []).map((address) => ({ address, family: 4 })),
    ...(six.status === 'fulfilled' ? six.value : []).map((address) => ({ address, family: 6 })),
  ];
}
