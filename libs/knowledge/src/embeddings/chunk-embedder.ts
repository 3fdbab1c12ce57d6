import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '#persistence';
import { VectorIndex } from '../vector.index.ts';
import { Embeddings } from './embeddings.ts';

const BATCH = 64;
const BACKFILL_EVERY_MS = 60_000;

/** Sees to it that each chunk has a vector: at once if the model answers, else as soon as it does again. */
@Injectable()
export class ChunkEmbedder implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger('Knowledge');
  readonly #stop = new AbortController();
  /** At the start: chunks of before embeddings were configured, of another model, or of a process that died. */
  #missing = true;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly embeddings: Embeddings,
    private readonly vectors: VectorIndex,
    private readonly database: Database,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.embeddings.model) return;
    if (!this.vectors.available) {
      this.#logger.warn('EMBEDDINGS_URL is set, but the database has no pgvector: search is by words only');
      return;
    }
    this.#running = this.#backfill();
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#backfill());
    }, BACKFILL_EVERY_MS);
    this.#timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#running;
  }

  /** `none`: no vectors are made here; `pending`: the model did not answer, and they are made later. */
  async embed(conversationId: string): Promise<'none' | 'stored' | 'pending'> {
    const { model } = this.embeddings;
    if (!model || !this.vectors.available) return 'none';
    try {
      while (await this.#embedSome(model, conversationId));
      return 'stored';
    } catch (error) {
      this.#missing = true;
      this.#logger.warn(`A conversation has no vectors yet: ${(error as Error).message}`);
      return 'pending';
    }
  }

  async #backfill(): Promise<void> {
    const { model } = this.embeddings;
    if (!model || !this.#missing) return;
    try {
      this.#missing = false;
      // One replica at a time: the others would pay for the same vectors.
      while (await this.database.withLock('conversation-backfill', () => this.#embedSome(model)));
    } catch (error) {
      this.#missing = true;
      if (!this.#stop.signal.aborted)
        this.#logger.warn(`Vectors are still missing: ${(error as Error).message}`);
    }
  }

  /** Says whether there may be more. */
  async #embedSome(model: string, conversationId?: string): Promise<boolean> {
    this.#stop.signal.throwIfAborted();
    const chunks = await this.vectors.unembedded(model, BATCH, conversationId);
    if (chunks.length === 0) return false;
    const vectors = await this.embeddings.embed(
      chunks.map(({ text }) => text),
      this.#stop.signal,
    );
    await this.vectors.add(
      model,
      chunks.flatMap(({ chunk }, i) => (vectors[i] ? [{ chunk, vector: vectors[i] }] : [])),
    );
    return chunks.length === BATCH;
  }
}
