import { normalizeIp } from '@nestjs/throttler';

const REMEMBERED = 1_024;

/**
 * What one subscriber holds: an IPv4 address, or the /64 of an IPv6 address, in which a client picks freely
 * (RFC 6177). The few addresses that keep calling are remembered, for taking one apart costs more than all else here.
 */
export class ClientNetworks {
  readonly #known = new Map<string, string>();

  of(address: string): string {
    return address.includes(':') ? (this.#known.get(address) ?? this.#normalize(address)) : address;
  }

  #normalize(address: string): string {
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    const network = normalizeIp(address);
    this.#known.set(address, network);
    return network;
  }
}
