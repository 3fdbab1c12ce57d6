import type { Passage } from '../conversation.ts';
import { ModelFailure } from '../http/model-failure.ts';
import { LanguageModelAnswers, type Asked } from './language-model.answers.ts';
import { instructions, questionWithSources } from './prompt.ts';

/** What we read of an event of the Messages API ("Streaming messages"). */
interface MessageEvent {
  type?: string;
  delta?: { type?: string; text?: unknown };
  error?: { type?: string };
}

/** The Messages API of Anthropic. */
export class AnthropicAnswers extends LanguageModelAnswers {
  override readonly name = 'anthropic';

  protected override ask(question: string, sources: readonly Passage[]): Asked {
    const { apiKey, model, maxTokens } = this.options;
    return {
      path: '/v1/messages',
      headers: { 'x-api-key': apiKey.current ?? '', 'anthropic-version': '2023-06-01' },
      body: {
        model,
        max_tokens: maxTokens,
        system: instructions,
        messages: [{ role: 'user', content: questionWithSources(question, sources) }],
        stream: true,
      },
    };
  }

  protected override textIn(event: unknown): string | undefined {
    const { type, delta, error } = event as MessageEvent;
    if (type === 'error') throw new ModelFailure(`The model gives up: ${error?.type ?? 'unknown reason'}`);
    return type === 'content_block_delta' && typeof delta?.text === 'string' ? delta.text : undefined;
  }
}
