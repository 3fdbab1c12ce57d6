import { setTimeout as sleep } from 'node:timers/promises';
import type { Rotating } from '#secrets';
import { askForJson } from '../http/model-client.ts';
import { ModelFailure } from '../http/model-failure.ts';
import { Embeddings } from './embeddings.ts';

export interface OpenAiCompatibleOptions {
  /** `https://api.openai.com/v1`, with or without `/embeddings` behind it. */
  readonly url: string;
  /** Of now, for each request. */
  readonly apiKey: Pick<Rotating<string | undefined>, 'current'>;
  readonly model: string;
  /** 0 leaves it to the model. */
  readonly dimensions: number;
  readonly timeoutMs: number;
}

/** Texts in one request. Servers refuse too many tokens at once; these are at most some 20,000. */
const BATCH = 64;
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;
/** A server that asks for a longer pause gets no second attempt: somebody is waiting. */
const LONGEST_PAUSE_MS = 5_000;
/** A vector of 4,096 numbers is some 90 kB of JSON. */
const MOST_BYTES_A_TEXT = 512 * 1_024;

/** `POST /embeddings` of OpenAI, and of the many servers that speak the same. */
export class OpenAiCompatibleEmbeddings extends Embeddings {
  readonly model: string;
  readonly #options: OpenAiCompatibleOptions;
  readonly #url: string;

  constructor(options: OpenAiCompatibleOptions) {
    super();
    this.#options = options;
    this.model = options.dimensions > 0 ? `${options.model}/${options.dimensions}` : options.model;
    const base = options.url.replace(/\/+$/, '');
    this.#url = base.endsWith('/embeddings') ? base : `${base}/embeddings`;
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<number[][]> {
    const vectors: number[][] = [];
    for (let i = 0; i < texts.length; i += BATCH) {
      vectors.push(...(await this.#attempt(texts.slice(i, i + BATCH), signal)));
    }
    if (vectors.some(({ length }) => length !== vectors[0]?.length)) {
      throw new ModelFailure('The model answers with vectors of different sizes');
    }
    return vectors;
  }

  async #attempt(texts: readonly string[], signal: AbortSignal | undefined): Promise<number[][]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#ask(texts, signal);
      } catch (error) {
        const pause = pauseAfter(error, attempt);
        if (pause === undefined) throw error;
        await sleep(pause, undefined, { signal });
      }
    }
  }

  async #ask(texts: readonly string[], signal: AbortSignal | undefined): Promise<number[][]> {
    const { apiKey, model, dimensions, timeoutMs } = this.#options;
    const answer = await askForJson({
      url: this.#url,
      headers: apiKey.current ? { authorization: `Bearer ${apiKey.current}` } : {},
      body: { model, input: texts, encoding_format: 'float', ...(dimensions > 0 && { dimensions }) },
      timeoutMs,
      maxBytes: texts.length * MOST_BYTES_A_TEXT,
      signal,
    });
    return vectorsOf(answer, texts.length, dimensions);
  }
}

/** Milliseconds, or undefined to give up. The pauses grow, and are not the same for all who wait. */
function pauseAfter(error: unknown, attempt: number): number | undefined {
  if (!(error instanceof ModelFailure) || !error.passing || attempt === ATTEMPTS) return undefined;
  const pause = error.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
  return pause <= LONGEST_PAUSE_MS ? pause : undefined;
}

function vectorsOf(answer: unknown, count: number, dimensions: number): number[][] {
  const { data } = (answer ?? {}) as { data?: unknown };
  if (!Array.isArray(data) || data.length !== count) {
    throw new ModelFailure(`The model answers with something else than ${count} vectors`);
  }
  const vectors: number[][] = [];
  for (const [place, item] of data.entries()) {
    const { index = place, embedding } = (item ?? {}) as { index?: number; embedding?: unknown };
    if (!isVector(embedding) || (dimensions > 0 && embedding.length !== dimensions)) {
      throw new ModelFailure(
        'The model answers with something else than vectors of the size that was asked for',
      );
    }
    vectors[index] = embedding;
  }
  if (vectors.length !== count || Object.keys(vectors).length !== count) {
    throw new ModelFailure('The model answers with vectors out of order');
  }
  return vectors;
}

/** Not of zeros alone: such a vector points nowhere, and is as far from all others as from itself. */
function isVector(value: unknown): value is number[] {
  return (
    Array.isArray(value) && value.every((item) => Number.isFinite(item)) && value.some((item) => item !== 0)
  );
}
