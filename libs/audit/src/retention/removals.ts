import { readRemoval, type Removal, type Removed } from './removal.ts';

/**
 * All statements of a place, one a key: each signer has its own and touches no other's, so that nobody signs what another
 * has only claimed.
 */
export class Removals {
  /** Of each chain, how far it is gone by any of them. */
  readonly chains: ReadonlyMap<string, Removed>;
  /** Lines that are not as they were signed. */
  readonly altered: number;
  readonly #all: readonly Removal[];

  constructor(lines: readonly string[]) {
    const read = lines.map(readRemoval);
    this.#all = read.filter((removal) => removal !== undefined);
    this.altered = read.length - this.#all.length;
    this.chains = furthest(this.#all.flatMap(({ chains }) => [...chains.values()]));
  }

  /** The statement of those who sign with this key. */
  of(keyId: string): Removal | undefined {
    return this.#all.find(({ key }) => key.id === keyId);
  }

  /** Ids of the keys that signed them. */
  get signers(): string[] {
    return this.#all.map(({ key }) => key.id);
  }

  get summary(): { entries: number; before: string } | null {
    const entries = [...this.chains.values()].reduce((sum, { seq }) => sum + seq, 0);
    const before = this.#all
      .map((removal) => removal.before)
      .sort()
      .at(-1);
    return before === undefined ? null : { entries, before };
  }
}

function furthest(removed: readonly Removed[]): Map<string, Removed> {
  const chains = new Map<string, Removed>();
  for (const one of removed) if (one.seq > (chains.get(one.chain)?.seq ?? 0)) chains.set(one.chain, one);
  return chains;
}
