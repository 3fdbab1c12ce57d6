import { ChainKeys } from '../chain/chain-keys.ts';
import { readCheckpoint, type Checkpoint } from '../chain/checkpoint.ts';
import type { Head } from '../chain/chain-link.ts';
import { readGenesis, type Genesis } from '../chain/genesis.ts';
import { VerifyingKey } from '../chain/signing-key.ts';
import type { Claim } from './chain-check.ts';
import type { ChainSource } from './chain-source.ts';
import { Removals } from '../retention/removals.ts';
import type { Findings } from './finding.ts';

/** Checkpoints may be read while they are being written: they are read again before they are called altered. */
const TRIES = 4;
const RETRY_MS = 5;

/** What signatures and first records say about all the chains, read before the chains themselves. */
export class Testimony {
  readonly chains: string[] = [];
  readonly keys = new Map<string, VerifyingKey>();
  readonly #chainKeys = new ChainKeys();
  #removals = new Removals([]);
  readonly #checkpoints = new Map<string, readonly (Checkpoint | undefined)[]>();
  readonly #claims = new Map<string, Map<number, Claim[]>>();

  private constructor(keys: readonly VerifyingKey[]) {
    for (const key of keys) this.keys.set(key.id, key);
  }

  static async read(
    source: ChainSource,
    keys: readonly VerifyingKey[],
    findings: Findings,
  ): Promise<Testimony> {
    const testimony = new Testimony(keys);
    await testimony.#addRemovals(source, findings);
    // Twice: a chain that began meanwhile may already be named by others.
    await testimony.#add(source, findings);
    await testimony.#add(source, findings);
    return testimony;
  }

  /** Newest checkpoint of each of its segments; undefined for one that is not as it was signed. */
  checkpointsOf(chain: string): readonly (Checkpoint | undefined)[] {
    return this.#checkpoints.get(chain) ?? [];
  }

  /** The one that its first record names, which signs it; undefined where nothing tells that any more. */
  keyOf(chain: string): VerifyingKey | undefined {
    return this.#chainKeys.of(chain);
  }

  /** What was removed because its time was over. */
  get removals(): Removals {
    return this.#removals;
  }

  claimsOn(chain: string): ReadonlyMap<number, readonly Claim[]> {
    return this.#claims.get(chain) ?? new Map();
  }

  /** Chains that others name. */
  get named(): Iterable<string> {
    return this.#claims.keys();
  }

  async #add(source: ChainSource, findings: Findings): Promise<void> {
    const added = (await source.chains()).filter((chain) => !this.chains.includes(chain));
    this.chains.push(...added);
    for (const chain of added) await this.#addGenesis(source, chain);
    for (const chain of added) await this.#addCheckpoints(source, chain, findings);
  }

  /** Before what the keys in it have signed. */
  async #addRemovals(source: ChainSource, findings: Findings): Promise<void> {
    this.#removals = new Removals(await source.removals());
    for (const { chain, key } of this.#removals.chains.values()) this.#learn(chain, VerifyingKey.from(key));
    if (this.#removals.altered === 0) return;
    const message = 'a statement of what was removed is not as it was signed';
    findings.add({ harm: 'altered', chain: '', message });
  }

  async #addGenesis(source: ChainSource, chain: string): Promise<void> {
    const genesis = await this.#readGenesis(source, chain);
    if (genesis?.store !== source.holds) return;
    for (const head of genesis.previous) this.#claim(head, `the first record of chain ${chain}`);
  }

  async #readGenesis(source: ChainSource, chain: string): Promise<Genesis | undefined> {
    const genesis = readGenesis(await source.genesis(chain));
    this.#learn(chain, genesis?.verifying);
    return genesis;
  }

  #learn(chain: string, key: VerifyingKey | undefined): void {
    this.#chainKeys.add(chain, key);
    if (key) this.keys.set(key.id, key);
  }

  async #addCheckpoints(source: ChainSource, chain: string, findings: Findings): Promise<void> {
    const checkpoints = await this.#readCheckpoints(source, chain);
    this.#checkpoints.set(chain, checkpoints);
    for (const [index, checkpoint] of checkpoints.entries()) {
      const segment = index + 1;
      if (!checkpoint) {
        const message = `the checkpoint of segment ${segment} is not as it was signed`;
        findings.add({ harm: 'altered', chain, segment, message });
        continue;
      }
      this.#claim(checkpoint, `the checkpoint of segment ${segment}`);
      for (const peer of checkpoint.peers) this.#claim(peer, `a checkpoint of chain ${chain}`);
    }
  }

  async #readCheckpoints(source: ChainSource, chain: string): Promise<(Checkpoint | undefined)[]> {
    for (let tries = 1; ; tries++) {
      const stored = await source.checkpoints(chain);
      const checkpoints = stored.map((line, index) => this.#readCheckpoint(line, chain, index + 1));
      const settled = !checkpoints.includes(undefined) && checkpoints.at(-1)?.state !== 'sealed';
      if (tries === TRIES || settled) return checkpoints;
      await this.#readGenesis(source, chain);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #readCheckpoint(line: string | undefined, chain: string, segment: number): Checkpoint | undefined {
    const checkpoint = line === undefined ? undefined : readCheckpoint(line, this.keys);
    return checkpoint?.chain === chain && checkpoint.segment === segment ? checkpoint : undefined;
  }

  #claim({ chain, seq, hash }: Head, by: string): void {
    const claims = this.#claims.get(chain) ?? new Map<number, Claim[]>();
    this.#claims.set(chain, claims);
    claims.set(seq, [...(claims.get(seq) ?? []), { hash, by }]);
  }
}
