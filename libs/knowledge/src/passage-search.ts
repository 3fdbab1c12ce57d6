import { Injectable, Logger } from '@nestjs/common';
import type { Passage } from './conversation.ts';
import { ConversationStore } from './conversation.store.ts';
import { Embeddings } from './embeddings/embeddings.ts';
import { FullTextIndex, type Found, type RankOptions } from './full-text.index.ts';
import { diversify, fuse } from './fuse.ts';
import { VectorIndex } from './vector.index.ts';

export interface PassagesFound {
  readonly passages: Passage[];
  readonly ranking: 'full-text' | 'full-text and vectors';
  /** Why there are no vectors in it, where there should be. */
  readonly notice?: string;
}

/** So long a search waits for its vector: somebody waits for the search. */
const PATIENCE_MS = 3_000;
/** So long the model is left alone after it has failed a search, so that the next ones need not wait in vain, too. */
const REST_MS = 30_000;

/** How far down either ranking the fusion looks. */
const FUSED_DEPTH = 100;

/** Finds passages by their words and, where vectors are made, by their meaning. */
@Injectable()
export class PassageSearch {
  readonly #logger = new Logger('Knowledge');
  #restsUntil = 0;

  constructor(
    private readonly store: ConversationStore,
    private readonly fullText: FullTextIndex,
    private readonly vectors: VectorIndex,
    private readonly embeddings: Embeddings,
  ) {}

  async find(query: string, options: RankOptions, signal?: AbortSignal): Promise<PassagesFound> {
    const { model } = this.embeddings;
    if (!model || !this.vectors.available) return this.#byWords(query, options);
    if (Date.now() < this.#restsUntil) return this.#withoutVectors(query, options);
    try {
      const vector = await this.#vectorOf(query, signal);
      const found = await this.#byBoth(query, { model, vector }, options);
      return { passages: await this.store.passages(found), ranking: 'full-text and vectors' };
    } catch (error) {
      signal?.throwIfAborted();
      this.#restsUntil = Date.now() + REST_MS;
      this.#logger.warn(`Searching by words only for a while: ${(error as Error).message}`);
      return this.#withoutVectors(query, options);
    }
  }

  async #vectorOf(query: string, signal: AbortSignal | undefined): Promise<number[]> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const [vector] = await this.embeddings.embed(
      [query],
      signal ? AbortSignal.any([signal, patience]) : patience,
    );
    return vector ?? [];
  }

  async #byWords(query: string, options: RankOptions): Promise<PassagesFound> {
    const found = await this.fullText.rank(query, options);
    return { passages: await this.store.passages(found), ranking: 'full-text' };
  }

  async #withoutVectors(query: string, options: RankOptions): Promise<PassagesFound> {
    return { ...(await this.#byWords(query, options)), notice: 'the embedding model is not available' };
  }

  async #byBoth(
    query: string,
    meant: { model: string; vector: readonly number[] },
    { limit, perConversation, filters: { min_score, ...filters } }: RankOptions,
  ): Promise<Found[]> {
    const depth = Math.max(FUSED_DEPTH, limit);
    const words = await this.fullText.rank(query, { limit: depth, perConversation, filters });
    const meaning = await this.vectors.rank(meant, { limit: depth, filters, others: words });
    const fused = fuse(words, meaning).filter(({ score }) => score >= (min_score ?? 0));
    return diversify(fused, limit, perConversation);
  }
}
