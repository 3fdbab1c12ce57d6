import type { Block } from './block.ts';
import type { BlockListener } from './store/memory-block-store.ts';

/** The attempts of one blocked network that have not been recorded yet. Epoch milliseconds. */
export interface Attempts {
  count: number;
  firstAt: number;
  lastAt: number;
}

/** What one network meets: the block of all that comes from there, blocks of single principals, or both. */
export class BlockedNetwork {
  readonly network: string;
  all: Block | undefined = undefined;
  readonly principals = new Map<string, Block>();
  readonly attempts: Attempts = { count: 0, firstAt: 0, lastAt: 0 };
  /** When the attempts are recorded next, and how long after that again: each time twice as long. */
  recordAt = 0;
  recordEveryMs = 0;
  /** How many attempts were answered with the reason. */
  told = 0;

  constructor(network: string) {
    this.network = network;
  }

  get isEmpty(): boolean {
    return this.all === undefined && this.principals.size === 0;
  }

  /** The block of all that comes from there, if it has not ended. */
  blockOfAll(now: number): Block | undefined {
    return this.all && this.all.until > now ? this.all : undefined;
  }

  blockOf(principalId: string, now: number): Block | undefined {
    const block = this.principals.get(principalId);
    return block && block.until > now ? block : undefined;
  }

  count(now: number): void {
    const { attempts } = this;
    if (attempts.count++ === 0) attempts.firstAt = now;
    attempts.lastAt = now;
  }
}

/** The local copy that every request is held against: one look into a Map, and none while nobody is blocked. */
export class BlockedNetworks implements BlockListener, Iterable<BlockedNetwork> {
  readonly #networks = new Map<string, BlockedNetwork>();
  readonly #onEmpty: (network: BlockedNetwork) => void;

  /** @param onEmpty told of a network that is not blocked any more */
  constructor(onEmpty: (network: BlockedNetwork) => void) {
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return this.#networks.size;
  }

  find(network: string): BlockedNetwork | undefined {
    return this.#networks.get(network);
  }

  began(block: Block): void {
    let blocked = this.#networks.get(block.network);
    if (!blocked) this.#networks.set(block.network, (blocked = new BlockedNetwork(block.network)));
    if (block.principalId === undefined) blocked.all = block;
    else blocked.principals.set(block.principalId, block);
  }

  ended({ network, principalId }: Block): void {
    const blocked = this.#networks.get(network);
    if (!blocked) return;
    if (principalId === undefined) blocked.all = undefined;
    else blocked.principals.delete(principalId);
    if (!blocked.isEmpty) return;
    this.#networks.delete(network);
    this.#onEmpty(blocked);
  }

  [Symbol.iterator](): Iterator<BlockedNetwork> {
    return this.#networks.values();
  }
}
