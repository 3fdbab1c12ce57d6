import type { Passage } from '../conversation.ts';
import { ModelFailure } from '../http/model-failure.ts';
import { LanguageModelAnswers, type Asked } from './language-model.answers.ts';
import { instructions, questionWithSources } from './prompt.ts';

/** What we read of an event of the API ("Chat completion chunk"). */
interface CompletionChunk {
  choices?: { delta?: { content?: unknown } }[];
  error?: unknown;
}

/** The chat completions of OpenAI, and of the many servers that speak the same. */
export class OpenAiAnswers extends LanguageModelAnswers {
  override readonly name = 'openai';

  protected override ask(question: string, sources: readonly Passage[]): Asked {
    const { apiKey, model, maxTokens } = this.options;
    return {
      path: '/chat/completions',
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
    };
  }

  protected override textIn(chunk: unknown): string | undefined {
    const { choices, error } = chunk as CompletionChunk;
    if (error !== undefined) throw new ModelFailure('The model gives up');
    const text = choices?.[0]?.delta?.content;
    return typeof text === 'string' ? text : undefined;
  }
}
