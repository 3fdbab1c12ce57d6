import type { Passage } from '../conversation.ts';
import { askForEvents } from '../http/model-client.ts';
import { ModelFailure } from '../http/model-failure.ts';
import { Answers } from './answers.ts';
import { MOST_BYTES_A_TOKEN, type LanguageModelOptions } from './language-model.options.ts';
import { instructions, questionWithSources } from './prompt.ts';

/** What we read of an event of the API ("Chat completion chunk"). */
interface CompletionChunk {
  choices?: { delta?: { content?: string | null } }[];
  error?: unknown;
}

/** The chat completions of OpenAI, and of the many servers that speak the same. */
export class OpenAiAnswers extends Answers {
  readonly name = 'openai';
  readonly model: string;
  readonly #options: LanguageModelOptions;

  constructor(options: LanguageModelOptions) {
    super();
    this.model = options.model;
    this.#options = options;
  }

  async *answer(question: string, sources: readonly Passage[], signal?: AbortSignal): AsyncIterable<string> {
    const { baseUrl, apiKey, model, maxTokens, timeoutMs } = this.#options;
    const chunks = askForEvents({
      url: `${baseUrl.replace(/\/+$/, '')}/chat/completions`,
      headers: { authorization: `Bearer ${apiKey.current}` },
      body: {
        model,
        max_completion_tokens: maxTokens,
        messages: [
          { role: 'system', content: instructions },
          { role: 'user', content: questionWithSources(question, sources) },
        ],
        stream: true,
      },
      timeoutMs,
      maxBytes: (maxTokens + 100) * MOST_BYTES_A_TOKEN,
      signal,
    });
    for await (const chunk of chunks) {
      const { choices, error } = chunk as CompletionChunk;
      if (error !== undefined) throw new ModelFailure('The model gives up');
      const text = choices?.[0]?.delta?.content;
      if (typeof text === 'string') yield text;
    }
  }
}
