import {
  durationOf,
  nameOf,
  offenceKinds,
  rememberedMs,
  VOUCHED_MS,
  type Block,
  type BlockRules,
  type OffenceKind,
  type Subject,
} from '../block.ts';
import { BlockStore, type Changes } from './block-store.ts';
import { RecentCounts } from './recent-counts.ts';

/** Subjects that are told apart in each list: some 10 MB each when full. Whoever has more addresses gets some offences free. */
const MAX_COUNTED = 100_000;
const MAX_BLOCKS = 50_000;

/** Is told what is in force, as it changes. */
export interface BlockListener {
  began(block: Block): void;
  ended(block: Block): void;
}

export interface MemoryBlockStoreOptions {
  listener?: BlockListener;
  /** Epoch milliseconds. */
  clock?: () => number;
}

/** Counts and keeps in this process. */
export class MemoryBlockStore extends BlockStore {
  readonly #rules: BlockRules;
  readonly #listener: BlockListener | undefined;
  readonly #clock: () => number;
  readonly #offences = new RecentCounts(MAX_COUNTED);
  readonly #strikes = new RecentCounts(MAX_COUNTED);
  readonly #vouched = new RecentCounts(MAX_COUNTED);
  /** The oldest first. */
  readonly #blocks = new Map<string, Block>();

  constructor(rules: BlockRules, { listener, clock = Date.now }: MemoryBlockStoreOptions = {}) {
    super();
    this.#rules = rules;
    this.#listener = listener;
    this.#clock = clock;
  }

  /** How many there are, with those that have ended since `expire`. */
  get size(): number {
    return this.#blocks.size;
  }

  find(subject: Subject): Block | undefined {
    const block = this.#blocks.get(nameOf(subject));
    return block && block.until > this.#clock() ? block : undefined;
  }

  override offend(subject: Subject, kind: OffenceKind, times = 1): Block | undefined {
    if (this.find(subject)) return undefined;
    const { most, windowMs } = this.#rules;
    const now = this.#clock();
    const name = nameOf(subject);
    if (this.#offences.add(`${kind} ${name}`, times, now, windowMs) < most[kind]) return undefined;
    this.#forgive(name);
    const strikes = this.#strikes.get(name, now) + 1;
    const until = now + durationOf(strikes, this.#rules);
    const { network, principalId } = subject;
    const spares = principalId === undefined && this.#vouched.get(network, now) > 0;
    return this.#keep({ network, principalId, kind, since: now, until, strikes, spares });
  }

  override put(block: Block): Block | undefined {
    const known = this.find(block);
    // Another replica may have seen a good key there.
    if (known && outlasts(known, block))
      return block.spares && !known.spares && known.kind !== 'manual'
        ? this.#keep({ ...known, spares: true })
        : known;
    return block.until > this.#clock() ? this.#keep(block) : undefined;
  }

  override lift(subject: Subject): boolean {
    const name = nameOf(subject);
    const wasBlocked = this.find(subject) !== undefined;
    this.#end(this.#blocks.get(name));
    this.#strikes.delete(name);
    this.#forgive(name);
    return wasBlocked;
  }

  override vouch(network: string): void {
    this.#vouched.set(network, 1, this.#clock() + VOUCHED_MS);
  }

  override changes(): Changes {
    const now = this.#clock();
    const blocked = [...this.#blocks.values()].filter(({ until }) => until > now);
    return { fresh: true, cursor: { epoch: 'memory', version: 0 }, blocked, lifted: [] };
  }

  /** Forgets the blocks whose time is over. */
  expire(): void {
    const now = this.#clock();
    for (const block of this.#blocks.values()) if (block.until <= now) this.#end(block);
  }

  #keep(block: Block): Block {
    const name = nameOf(block);
    this.#blocks.delete(name);
    this.#blocks.set(name, block);
    if (block.strikes > 0) this.#strikes.set(name, block.strikes, block.until + rememberedMs(this.#rules));
    this.#listener?.began(block);
    if (this.#blocks.size > MAX_BLOCKS) this.#end(this.#blocks.values().next().value);
    return block;
  }

  #end(block: Block | undefined): void {
    if (!block) return;
    this.#blocks.delete(nameOf(block));
    this.#listener?.ended(block);
  }

  #forgive(name: string): void {
    for (const kind of offenceKinds) this.#offences.delete(`${kind} ${name}`);
  }
}

/** The younger of two counts; of one millisecond, that which an administrator has set. */
function outlasts(known: Block, block: Block): boolean {
  if (known.since !== block.since) return known.since > block.since;
  return block.kind !== 'manual' || known.kind === 'manual';
}
