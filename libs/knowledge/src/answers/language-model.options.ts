/** How a language model is reached and bounded. */
export interface LanguageModelOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly maxTokens: number;
  readonly timeoutMs: number;
}

/** A streamed token comes in an event of a few hundred bytes. */
export const MOST_BYTES_A_TOKEN = 2_048;
