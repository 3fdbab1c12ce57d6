import { GatehouseError } from '#errors';
import { ChainLinker, NO_RECORD, type Head } from '../chain/chain-link.ts';
import type { Position } from '../chain/checkpoint.ts';
import { genesisBody, type Genesis } from '../chain/genesis.ts';
import type { SecurityLog } from '../sinks/security-logs.ts';
import { eventBody } from '../record-body.ts';
import { Batch } from './batch.ts';
import { Checkpointer } from './checkpointer.ts';
import type { JournalOptions } from './journal-options.ts';
import type { Lines } from './journal-store.ts';
import { OutageCounter, type Outage } from './outage.ts';

/** Records wait in memory while the store is busy; more than this many bytes may not. */
export const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
/** Whoever waits longer than this for a store that hangs is refused. */
const PATIENCE_MS = 10_000;
const DAY_MS = 86_400_000;

/**
 * The chain of this process. One append to the store is under way at a time; all that arrives meanwhile forms the next
 * one, so that the cost of making it durable is shared by however many calls there are.
 */
export class Journal {
  readonly chain: string;
  readonly #options: JournalOptions;
  readonly #checkpointer: Checkpointer;
  readonly #waiting: Batch[] = [];
  readonly #outages = new OutageCounter();
  #backlogBytes = 0;
  #draining = false;
  #drained: PromiseWithResolvers<void> | undefined;
  #last: Position;
  #first: Position;
  #previous: readonly Head[] = [];
  #day = 0;
  #retry: NodeJS.Timeout | undefined;
  #records = 0;
  #closed = false;

  constructor(options: JournalOptions) {
    const { chain, store, checkpointMs, onUnsigned } = options;
    this.chain = chain;
    this.#options = options;
    this.#last = { chain, segment: 0, bytes: 0, seq: 0, hash: NO_RECORD };
    this.#first = this.#last;
    this.#checkpointer = new Checkpointer(store, checkpointMs, onUnsigned);
  }

  /** Writes the chain's first record, and its first checkpoint: before that, no other record may come. */
  async open(genesis: Genesis): Promise<void> {
    const batch = new Batch();
    batch.add(genesisBody(genesis), 'other');
    const lines = await this.#commit(batch);
    this.#first = this.#last;
    this.#previous = genesis.previous;
    this.#options.onSafe?.(lines, batch.logs);
    await this.#checkpointer.write('open');
    await this.#options.store.follow(this.#first);
  }

  /**
   * Fulfilled when the record is durable; all records of a batch share the promise. `body` as for
   * `ChainLinker.link`.
   * @throws {GatehouseError} UNAVAILABLE, at once, when the store fails or is too slow.
   */
  append(body: string, log: SecurityLog | undefined): Promise<void> {
    if (this.#closed || this.#outages.lasts || this.#backlogBytes > MAX_BACKLOG_BYTES) {
      this.#outages.refuse(1);
      throw unavailable();
    }
    return this.#enqueue(body, log);
  }

  get status() {
    return {
      chain: this.chain,
      /** Records that are safe. */
      records: this.#records,
      /** Records that were refused. */
      refused: this.#outages.refused,
      backlogBytes: this.#backlogBytes,
      working: !this.#outages.lasts,
      /** Whether the end of the chain can be signed. */
      signing: this.#checkpointer.signing,
    };
  }

  /** Where the chain ends, as far as it is safe. */
  get last(): Position {
    return this.#last;
  }

  /** Its first record. */
  get first(): Position {
    return this.#first;
  }

  /** Records of the chains before that it is tied to. */
  get previous(): readonly Head[] {
    return this.#previous;
  }

  /** From now on its checkpoints name the first record of the chain that goes on. Rejects where that can't be signed. */
  async precede(successor: Head): Promise<void> {
    this.#checkpointer.successor = successor;
    await this.#checkpointer.write('open');
  }

  /** Makes all that was appended safe, signs the head for good, and refuses what comes later. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    while (this.#draining) await (this.#drained ??= Promise.withResolvers<void>()).promise;
    await this.#checkpointer
      .write(this.#outages.lasts ? 'open' : 'closed')
      .catch((error: unknown) => this.#options.onFailure?.(error));
    await this.#options.store.close();
  }

  #enqueue(body: string, log: SecurityLog | undefined): Promise<void> {
    this.#backlogBytes += body.length;
    let batch = this.#waiting.at(-1);
    if (!batch || batch.full) this.#waiting.push((batch = new Batch()));
    batch.add(body, log);
    this.#drainSoon();
    return batch.safe;
  }

  /** After the poll phase, so that all sockets that have spoken by then share the first append too. */
  #drainSoon(): void {
    if (this.#draining) return;
    this.#draining = true;
    setImmediate(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    for (let batch = this.#waiting.shift(); batch; batch = this.#waiting.shift()) {
      await this.#settle(batch);
      this.#backlogBytes -= batch.bytes;
    }
    this.#draining = false;
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  async #settle(batch: Batch): Promise<void> {
    const { patienceMs = PATIENCE_MS } = this.#options;
    // What hangs can't be called back: it may still become safe, but nobody is told so any more.
    const hanging = setTimeout(
      () => this.#refuse(batch, new Error(`no end after ${patienceMs} ms`)),
      patienceMs,
    );
    try {
      const lines = await this.#commit(batch);
      batch.resolve();
      this.#options.onSafe?.(lines, batch.logs);
    } catch (error) {
      this.#refuse(batch, error);
      this.#tryLater();
    } finally {
      clearTimeout(hanging);
    }
  }

  async #commit(batch: Batch): Promise<Lines> {
    const { store } = this.#options;
    if (this.#outages.lasts) this.#last = await store.restore(this.#last);
    if (this.#segmentIsOver) await this.#rotate();
    const lines = this.#link(batch.bodies);
    await store.append(lines);
    this.#last = lines.end;
    this.#records += batch.bodies.length;
    this.#checkpointer.reached(lines.end);
    if (this.#outages.lasts) this.#recovered(batch);
    return lines;
  }

  #link(bodies: readonly string[]): Lines {
    const linker = new ChainLinker(this.#last);
    const each = bodies.map((body) => linker.link(body));
    const text = each.join('');
    const { chain, segment, bytes } = this.#last;
    return {
      each,
      text,
      end: { chain, segment, seq: linker.seq, hash: linker.hash, bytes: bytes + text.length },
    };
  }

  get #segmentIsOver(): boolean {
    const { segment, bytes } = this.#last;
    return segment === 0 || bytes >= this.#options.segmentBytes || this.#today !== this.#day;
  }

  async #rotate(): Promise<void> {
    // Before the next one begins, so that no segment ever lacks its checkpoint but the last.
    if (this.#last.segment > 0) await this.#checkpointer.write('open');
    const segment = this.#last.segment + 1;
    await this.#options.store.begin(segment);
    if (segment > 1) this.#checkpointer.ended(this.#last);
    this.#last = { ...this.#last, segment, bytes: 0 };
    this.#day = this.#today;
  }

  get #today(): number {
    const { now = Date.now } = this.#options;
    return Math.floor(now() / DAY_MS);
  }

  /** Refuses the batch and all that waits behind it: who waits for a broken disk should learn of it now. */
  #refuse(batch: Batch, cause: unknown): void {
    if (this.#outages.begin()) this.#options.onFailure?.(cause);
    const waiting = this.#waiting.splice(0);
    for (const each of waiting) this.#backlogBytes -= each.bytes;
    for (const each of [batch, ...waiting]) {
      if (each.settled) continue;
      this.#outages.refuse(each.bodies.length);
      each.reject(unavailable(cause));
    }
  }

  #tryLater(): void {
    if (this.#closed) return;
    const pauseMs = this.#outages.nextPauseMs();
    this.#retry = setTimeout(() => this.#tell(this.#outages.outage), pauseMs).unref();
  }

  #recovered(batch: Batch): void {
    const outage = this.#outages.end();
    this.#options.onRecovery?.(outage);
    // It hung, and was refused: it is no record of the outage.
    if (batch.settled) this.#tell(outage);
  }

  /** Readers of the trail should know that some records are not in it. Also how a store that failed is tried again. */
  #tell(outage: Outage): void {
    void this.#enqueue(eventBody({ event: 'audit_outage', severity: 'HIGH', notes: { ...outage } }), 'other');
  }
}

function unavailable(cause?: unknown): GatehouseError {
  const message = 'The audit record of this call could not be made safe: try again';
  return new GatehouseError('UNAVAILABLE', message, { cause });
}
