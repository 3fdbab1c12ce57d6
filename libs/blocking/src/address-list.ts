import { BlockList, isIP } from 'node:net';

/** Addresses and CIDR ranges. An IPv4-mapped IPv6 address is the IPv4 address that it stands for. */
export class AddressList {
  readonly #list = new BlockList();

  /** @param entries as `setting.networks` gives them */
  add(entries: readonly string[]): this {
    for (const entry of entries) {
      const [address = '', prefix] = entry.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(prefix), family);
    }
    return this;
  }

  /** What is no address is on no list. */
  has(address: string): boolean {
    const [plain = ''] = address.split('%', 1);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  }
}
