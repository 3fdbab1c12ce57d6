import type { Passage } from '../conversation.ts';

/** Words an answer to a question from passages of conversations. */
export abstract class Answers {
  abstract readonly name: 'anthropic' | 'openai' | 'extractive';
  abstract readonly model: string | undefined;
  /**
   * The answer, piece by piece, with `[Source N]` after what it takes from the N-th passage (1 is the first). Throws
   * ModelFailure, before the first piece or after any.
   */
  abstract answer(question: string, sources: readonly Passage[], signal?: AbortSignal): AsyncIterable<string>;
}
