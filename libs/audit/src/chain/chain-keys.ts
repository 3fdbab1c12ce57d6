import type { Removals } from '../retention/removals.ts';
import { readGenesis } from './genesis.ts';
import { VerifyingKey } from './signing-key.ts';

/** The key of each chain: the one that its first record names, or what is left to tell of that. */
export class ChainKeys {
  readonly #byChain = new Map<string, VerifyingKey>();
  readonly #byId = new Map<string, VerifyingKey>();

  static async of(
    chains: readonly string[],
    genesis: (chain: string) => Promise<string>,
    removed: Removals['chains'],
  ): Promise<ChainKeys> {
    const keys = new ChainKeys();
    for (const { chain, key } of removed.values()) keys.add(chain, VerifyingKey.from(key));
    for (const chain of chains) keys.add(chain, readGenesis(await genesis(chain))?.verifying);
    return keys;
  }

  add(chain: string, key: VerifyingKey | undefined): void {
    if (!key) return;
    this.#byChain.set(chain, key);
    this.#byId.set(key.id, key);
  }

  of(chain: string): VerifyingKey | undefined {
    return this.#byChain.get(chain);
  }

  /** All of them: a chain's end may be signed once more by the process that came after. */
  get byId(): ReadonlyMap<string, VerifyingKey> {
    return this.#byId;
  }
}
