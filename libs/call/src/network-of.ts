import { normalizeIp } from '@nestjs/throttler';

const REMEMBERED = 1_024;
const known = new Map<string, string>();

/**
 * What one subscriber holds: an IPv4 address, or the /64 of an IPv6 address, in which a client picks freely (RFC 6177). All
 * that counts by address counts by this. What is no address is left as it is.
 */
export function networkOf(address: string): string {
  return address.includes(':') ? (known.get(address) ?? normalized(address)) : address;
}

/** The few addresses that keep calling are remembered: taking one apart costs more than all else that is done by it. */
function normalized(address: string): string {
  if (known.size >= REMEMBERED) known.clear();
  const network = normalizeIp(address);
  known.set(address, network);
  return network;
}
