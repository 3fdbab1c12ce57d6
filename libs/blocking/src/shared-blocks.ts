import { Logger } from '@nestjs/common';
import type { StateConnection } from '#valkey';
import { nameOf, type Block, type OffenceKind, type Subject } from './block.ts';
import type { BlockStore, Cursor } from './store/block-store.ts';
import type { MemoryBlockStore } from './store/memory-block-store.ts';

/** What another replica has blocked or lifted is known here within this time. */
const EVERY_MS = 500;
/** Refusals come in floods: they are reported in lots of so many. */
const LOT = 20;
const MAX_LOTS = 10_000;
/** News that is kept while the store is away; past that the oldest is dropped, and holds here alone. */
const MAX_UNTOLD = 50_000;

export interface SharedBlocksOptions {
  store: BlockStore;
  connection: Pick<StateConnection, 'up'>;
  local: MemoryBlockStore;
  /** A block that the count of all replicas together led to. */
  onBlock: (block: Block) => void;
}

type News = { lifted: Subject } | { blocked: Block };

/**
 * Keeps the local blocks and those of all replicas the same, and counts offences over all replicas. Nobody waits for it,
 * and while the store is away nothing is lost: what was blocked or lifted here meanwhile is told when it is back.
 */
export class SharedBlocks {
  readonly #store: BlockStore;
  readonly #connection: SharedBlocksOptions['connection'];
  readonly #local: MemoryBlockStore;
  readonly #onBlock: (block: Block) => void;
  readonly #logger = new Logger('Blocking');
  readonly #timer = setInterval(() => void this.sync(), EVERY_MS).unref();
  /** Names of subjects whose block or lift the store has not heard of yet. */
  readonly #untold = new Map<string, News>();
  readonly #lots = new Map<string, number>();
  #cursor: Cursor | undefined;
  #telling: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;

  constructor({ store, connection, local, onBlock }: SharedBlocksOptions) {
    this.#store = store;
    this.#connection = connection;
    this.#local = local;
    this.#onBlock = onBlock;
  }

  offend(subject: Subject, kind: OffenceKind): void {
    if (!this.#connection.up) return;
    const times = kind === 'refusal' ? this.#lotOf(subject) : 1;
    if (times === 0) return;
    this.#try(async () => {
      const block = await this.#store.offend(subject, kind, times);
      if (block && this.#local.put(block) === block) this.#onBlock(block);
    });
  }

  blocked(block: Block): void {
    this.#remember(nameOf(block), { blocked: block });
    this.#try(() => this.#tell());
  }

  lifted(subject: Subject): void {
    this.#remember(nameOf(subject), { lifted: subject });
    this.#try(() => this.#tell());
  }

  vouch(network: string): void {
    if (this.#connection.up) this.#try(async () => this.#store.vouch(network));
  }

  /** Tells what is untold, then hears what is new. Never rejects. */
  sync(): Promise<void> {
    if (!this.#connection.up) return Promise.resolve();
    return (this.#syncing ??= this.#sync()
      .catch((error: unknown) => this.#complain(error))
      .finally(() => (this.#syncing = undefined)));
  }

  /** What waits to be told is told, if the store is there. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.sync();
  }

  async #sync(): Promise<void> {
    await this.#tell();
    const { fresh, cursor, blocked, lifted } = await this.#store.changes(this.#cursor);
    for (const subject of lifted) if (!this.#untold.has(nameOf(subject))) this.#local.lift(subject);
    for (const block of blocked) if (!this.#untold.has(nameOf(block))) this.#local.put(block);
    this.#cursor = cursor;
    if (!fresh) return;
    // The store is new to us, or has lost what it knew: it learns what we know, and it does not.
    const known = new Set([...blocked, ...lifted].map(nameOf));
    for (const block of this.#local.changes().blocked) {
      if (!known.has(nameOf(block))) this.#remember(nameOf(block), { blocked: block });
    }
    await this.#tell();
  }

  #remember(name: string, news: News): void {
    this.#untold.delete(name);
    this.#untold.set(name, news);
    const [oldest] = this.#untold.keys();
    if (this.#untold.size > MAX_UNTOLD) this.#untold.delete(oldest!);
  }

  /** One at a time: blocks come in floods too, and each would tell all that the others are telling. */
  #tell(): Promise<void> {
    return (this.#telling ??= this.#tellAll().finally(() => (this.#telling = undefined)));
  }

  async #tellAll(): Promise<void> {
    if (!this.#connection.up) return;
    for (const [name, news] of this.#untold) {
      if ('lifted' in news) await this.#store.lift(news.lifted);
      else this.#learn(await this.#store.put(news.blocked));
      if (this.#untold.get(name) === news) this.#untold.delete(name);
    }
  }

  /** The store may know more of a block than the replica that made it. */
  #learn(block: Block | undefined): void {
    if (block) this.#local.put(block);
  }

  #lotOf(subject: Subject): number {
    const name = nameOf(subject);
    const count = (this.#lots.get(name) ?? 0) + 1;
    if (count === LOT) this.#lots.delete(name);
    else {
      if (this.#lots.size >= MAX_LOTS) this.#lots.clear();
      this.#lots.set(name, count);
    }
    return count === LOT ? LOT : 0;
  }

  #try(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#complain(error));
  }

  #complain(error: unknown): void {
    // That the store is away is told by its connection.
    if (this.#connection.up) this.#logger.warn(`Blocks can't be shared: ${String(error)}`);
  }
}
