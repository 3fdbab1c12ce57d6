import type { Rotating } from '#secrets';

/** How a language model is reached and bounded. */
export interface LanguageModelOptions {
  readonly baseUrl: string;
  /** Of now, for each request. */
  readonly apiKey: Pick<Rotating<string | undefined>, 'current'>;
  readonly model: string;
  readonly maxTokens: number;
  readonly timeoutMs: number;
}

/** A streamed token comes in an event of a few hundred bytes. */
export const MOST_BYTES_A_TOKEN = 2_048;
