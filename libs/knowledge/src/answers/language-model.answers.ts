import type { Rotating } from '#secrets';
import type { Passage } from '../conversation.ts';
import { askForEvents } from '../http/model-client.ts';
import { Answers } from './answers.ts';

/** How a language model is reached and bounded. */
export interface LanguageModelOptions {
  readonly baseUrl: string;
  /** Of now, for each request. */
  readonly apiKey: Pick<Rotating<string | undefined>, 'current'>;
  readonly model: string;
  readonly maxTokens: number;
  readonly timeoutMs: number;
}

/** What one API wants to be asked. */
export interface Asked {
  /** Below the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** A streamed token comes in an event of a few hundred bytes. */
const MOST_BYTES_A_TOKEN = 2_048;

/** A language model behind an API that streams: each API says how it is asked, and what of its events is text. */
export abstract class LanguageModelAnswers extends Answers {
  readonly model: string;
  protected readonly options: LanguageModelOptions;

  constructor(options: LanguageModelOptions) {
    super();
    this.model = options.model;
    this.options = options;
  }

  /** Asks for a stream of events. */
  protected abstract ask(question: string, sources: readonly Passage[]): Asked;
  /** Undefined where an event holds none. @throws ModelFailure where it says that the model gives up */
  protected abstract textIn(event: unknown): string | undefined;

  async *answer(question: string, sources: readonly Passage[], signal?: AbortSignal): AsyncIterable<string> {
    const { baseUrl, maxTokens, timeoutMs } = this.options;
    const { path, headers, body } = this.ask(question, sources);
    const events = askForEvents({
      url: baseUrl.replace(/\/+$/, '') + path,
      headers,
      body,
      timeoutMs,
      maxBytes: (maxTokens + 100) * MOST_BYTES_A_TOKEN,
      signal,
    });
    for await (const event of events) {
      const text = this.textIn(event);
      if (text !== undefined) yield text;
    }
  }
}
