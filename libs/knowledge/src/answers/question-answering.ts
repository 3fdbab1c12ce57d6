import { Injectable, Logger } from '@nestjs/common';
import { GatehouseError } from '#errors';
import type { Passage } from '../conversation.ts';
import { ConversationStore } from '../conversation.store.ts';
import type { PassageFilters } from '../passage-filter.ts';
import { PassageSearch } from '../passage-search.ts';
import { ModelFailure } from '../http/model-failure.ts';
import { Answers } from './answers.ts';
import { ExtractiveAnswers } from './extractive.answers.ts';

export interface Question {
  readonly text: string;
  /** Most passages that the answer may rest on. */
  readonly limit: number;
  readonly filters: PassageFilters;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface Source {
  chunk_id: string;
  conversation_id: string;
  text: string;
  /** 0 to 1. */
  score: number;
  author_name: string | null;
}

/** How an answer came about. */
export interface AnswerMetadata {
  /** `none`: nothing was found, so nobody was asked. */
  answered_by: Answers['name'] | 'none';
  model: string | null;
  /** Only quotes: no language model has worded it. */
  extractive: boolean;
  ranking: string;
  /** What went wrong on the way, if anything. */
  notices: string[];
}

export interface Answer {
  answer: string;
  sources: Source[];
  /** The score of the best source; 0 where there is none. */
  confidence: number;
  metadata: AnswerMetadata;
}

/** One server-sent event of an answer. */
export type AnswerEvent =
  | { event: 'sources'; data: { sources: Source[] } }
  | { event: 'token'; data: { text: string } }
  | { event: 'done'; data: Pick<Answer, 'confidence' | 'metadata'> }
  | { event: 'error'; data: { code: string; message: string } };

/** Several turns of one conversation often answer together. */
const PASSAGES_PER_CONVERSATION = 3;
const NOTHING_FOUND = 'Nothing was found in the conversations that answers this.';
const MODEL_DOWN = 'the language model did not answer, so this is quoted from the sources';

/** Answers a question from the passages that a search finds for it. */
@Injectable()
export class QuestionAnswering {
  readonly #logger = new Logger('Knowledge');

  constructor(
    private readonly search: PassageSearch,
    private readonly store: ConversationStore,
    private readonly answers: Answers,
    private readonly extractive: ExtractiveAnswers,
  ) {}

  async answer(question: Question): Promise<Answer> {
    const { passages, metadata } = await this.#find(question);
    if (passages.length === 0) return { answer: NOTHING_FOUND, sources: [], confidence: 0, metadata };
    const text = await this.#whole(question, passages, metadata);
    return { answer: text, sources: passages.map(sourceOf), confidence: confidenceOf(passages), metadata };
  }

  /** Whatever can refuse the question has done so when this resolves. */
  async stream(question: Question): Promise<AsyncIterable<AnswerEvent>> {
    const { passages, metadata } = await this.#find(question);
    return this.#events(question, passages, metadata);
  }

  async *#events(
    question: Question,
    passages: readonly Passage[],
    metadata: AnswerMetadata,
  ): AsyncIterable<AnswerEvent> {
    yield { event: 'sources', data: { sources: passages.map(sourceOf) } };
    if (passages.length === 0) yield { event: 'token', data: { text: NOTHING_FOUND } };
    else {
      try {
        for await (const text of this.#pieces(question, passages, metadata))
          yield { event: 'token', data: { text } };
      } catch (error) {
        if (!(error instanceof ModelFailure)) throw error;
        const { code, message } = new GatehouseError(
          'UPSTREAM_FAILED',
          'The language model stopped in mid-answer',
        );
        yield { event: 'error', data: { code, message } };
        return;
      }
    }
    yield { event: 'done', data: { confidence: confidenceOf(passages), metadata } };
  }

  async #whole(question: Question, passages: readonly Passage[], metadata: AnswerMetadata): Promise<string> {
    try {
      return await joined(this.#pieces(question, passages, metadata));
    } catch (error) {
      if (!(error instanceof ModelFailure)) throw error;
      return await joined(this.#quotes(question, passages, metadata, error));
    }
  }

  /** The model's answer; quotes instead, if it fails before its first word. */
  async *#pieces(
    question: Question,
    passages: readonly Passage[],
    metadata: AnswerMetadata,
  ): AsyncIterable<string> {
    let begun = false;
    try {
      for await (const piece of this.answers.answer(question.text, passages, question.signal)) {
        begun ||= piece.trim() !== '';
        yield piece;
      }
      if (!begun) throw new ModelFailure('The model answers with nothing');
    } catch (error) {
      if (begun || !(error instanceof ModelFailure)) throw error;
      yield* this.#quotes(question, passages, metadata, error);
    }
  }

  async *#quotes(
    question: Question,
    passages: readonly Passage[],
    metadata: AnswerMetadata,
    failure: ModelFailure,
  ): AsyncIterable<string> {
    this.#logger.warn(`Answered by quotes: ${failure.message}`);
    metadata.notices.push(MODEL_DOWN);
    Object.assign(metadata, this.#by(this.extractive));
    yield* this.extractive.answer(question.text, passages);
  }

  async #find({
    text,
    limit,
    filters,
    signal,
  }: Question): Promise<{ passages: Passage[]; metadata: AnswerMetadata }> {
    const options = { limit, perConversation: PASSAGES_PER_CONVERSATION, filters };
    const { passages, ranking, notice } = await this.search.find(text, options, signal);
    const found = passages.length > 0;
    const by = found
      ? this.#by(this.answers)
      : { answered_by: 'none' as const, model: null, extractive: false };
    return {
      passages: await this.#withReplies(passages, limit),
      metadata: { ...by, ranking, notices: notice ? [notice] : [] },
    };
  }

  #by({ name, model }: Answers): Pick<AnswerMetadata, 'answered_by' | 'model' | 'extractive'> {
    return { answered_by: name, model: model ?? null, extractive: name === 'extractive' };
  }

  /**
   * A turn that asks the same question is often found before the turn that replies to it. So it brings that with it, at
   * its own score, at the price of the passages that were found last.
   */
  async #withReplies(passages: readonly Passage[], limit: number): Promise<Passage[]> {
    const replies = await this.store.following(passages.filter(({ text }) => /\?\s*$/.test(text)));
    const all = new Map<string, Passage>();
    for (const passage of passages) {
      if (all.has(passage.chunk_id)) continue;
      all.set(passage.chunk_id, passage);
      const reply = replies.get(passage.chunk_id);
      if (reply && !all.has(reply.chunk_id)) all.set(reply.chunk_id, { ...reply, score: passage.score });
    }
    return [...all.values()].slice(0, limit);
  }
}

async function joined(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text.trim();
}

function sourceOf({ chunk_id, conversation_id, text, score, author_name }: Passage): Source {
  return { chunk_id, conversation_id, text, score, author_name };
}

function confidenceOf(passages: readonly Passage[]): number {
  return Math.max(0, ...passages.map(({ score }) => score));
}
