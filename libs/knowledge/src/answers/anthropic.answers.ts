import type { Passage } from '../conversation.ts';
import { askForEvents } from '../http/model-client.ts';
import { ModelFailure } from '../http/model-failure.ts';
import { Answers } from './answers.ts';
import { MOST_BYTES_A_TOKEN, type LanguageModelOptions } from './language-model.options.ts';
import { instructions, questionWithSources } from './prompt.ts';

/** What we read of an event of the Messages API ("Streaming messages"). */
interface MessageEvent {
  type?: string;
  delta?: { type?: string; text?: string };
  error?: { type?: string };
}

/** The Messages API of Anthropic. */
export class AnthropicAnswers extends Answers {
  readonly name = 'anthropic';
  readonly model: string;
  readonly #options: LanguageModelOptions;

  constructor(options: LanguageModelOptions) {
    super();
    this.model = options.model;
    this.#options = options;
  }

  async *answer(question: string, sources: readonly Passage[], signal?: AbortSignal): AsyncIterable<string> {
    const { baseUrl, apiKey, model, maxTokens, timeoutMs } = this.#options;
    const events = askForEvents({
      url: `${baseUrl.replace(/\/+$/, '')}/v1/messages`,
      headers: { 'x-api-key': apiKey.current ?? '', 'anthropic-version': '2023-06-01' },
      body: {
        model,
        max_tokens: maxTokens,
        system: instructions,
        messages: [{ role: 'user', content: questionWithSources(question, sources) }],
        stream: true,
      },
      timeoutMs,
      maxBytes: (maxTokens + 100) * MOST_BYTES_A_TOKEN,
      signal,
    });
    for await (const event of events) {
      const { type, delta, error } = event as MessageEvent;
      if (type === 'error') throw new ModelFailure(`The model gives up: ${error?.type ?? 'unknown reason'}`);
      if (type === 'content_block_delta' && typeof delta?.text === 'string') yield delta.text;
    }
  }
}
