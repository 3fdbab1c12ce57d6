import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Call } from '#call';
import type { ConfigOf } from '#config';
import { InvalidInput, NotFound } from '#errors';
import { maskPii, maskSecrets } from '#masking';
import { holds } from '#rbac';
import {
  QuestionAnswering,
  type Answer,
  type AnswerEvent,
  type Question,
} from './answers/question-answering.ts';
import { chunksOf, type Turn } from './chunker.ts';
import type { Conversation, ConversationList, Passage } from './conversation.ts';
import { ConversationStore } from './conversation.store.ts';
import type { AskQuestion } from './dto/ask-question.dto.ts';
import type { ConversationId } from './dto/conversation-id.dto.ts';
import type { ConversationPage } from './dto/conversation-page.dto.ts';
import type { ConversationMessage, IngestConversation } from './dto/ingest-conversation.dto.ts';
import { CONTENT_LENGTH } from './dto/limits.ts';
import type { SearchFilters, SearchPassages } from './dto/search-passages.dto.ts';
import { ChunkEmbedder } from './embeddings/chunk-embedder.ts';
import { knowledgeConfig } from './knowledge.config.ts';
import type { PassageFilters } from './passage-filter.ts';
import { PassageSearch } from './passage-search.ts';
import { momentAfter, pointInTime } from './point-in-time.ts';

export interface Ingested {
  conversation_id: string;
  chunks_created: number;
  success: true;
  error_message: null;
  metadata: {
    messages: number;
    /** One of the same id was there before. */
    replaced: boolean;
    /** `none`: none are made here; `pending`: the model did not answer, and they are made later. */
    vectors: 'none' | 'stored' | 'pending';
    pii_masked: boolean;
  };
}

export interface SearchResult {
  chunk_id: string;
  conversation_id: string;
  text: string;
  /** 0 to 1. */
  score: number;
  author_name: string | null;
  author_type: string | null;
  timestamp: string | null;
  metadata?: Pick<Passage, 'scenario_title' | 'original_title' | 'url' | 'position' | 'created_at'>;
}

export interface SearchAnswer {
  results: SearchResult[];
  total: number;
  metadata: { ranking: string; notices: string[] };
}

/** The knowledge base: conversations go in, passages and answers come out (requirements 9). */
@Injectable()
export class KnowledgeService {
  constructor(
    @Inject(knowledgeConfig.KEY) private readonly config: ConfigOf<typeof knowledgeConfig>,
    private readonly store: ConversationStore,
    private readonly passages: PassageSearch,
    private readonly questions: QuestionAnswering,
    private readonly embedder: ChunkEmbedder,
  ) {}

  /**
   * Stores a conversation, in the place of one with the same id if it was the caller's own, or the caller may delete any.
   * Secrets in it are masked. Throws InvalidInput, and CONFLICT where the id is somebody else's.
   */
  async ingest(input: IngestConversation, call: Call): Promise<Ingested> {
    const { conversation_id: id, url, content } = input;
    const messages = input.messages ?? [{ text: content ?? '' }];
    const conversation_id = id ?? randomUUID();
    requireBounded(messages);
    // Before it is cut into chunks: half a private key looks like any other text.
    const mask = this.config.piiAnonymize ? (text: string) => maskPii(maskSecrets(text)) : maskSecrets;
    const chunks = chunksOf(messages.map((message, i) => turnOf(message, `/messages/${i}`, mask)));
    if (chunks.length === 0) throw new InvalidInput('The conversation has no text but white space');
    const { replaced } = await this.store.save({
      id: conversation_id,
      scenario_title: optional(input.scenario_title, mask),
      original_title: optional(input.original_title, mask),
      url: optional(url, mask),
      created_by: call.principal?.id ?? 'nobody',
      mayReplaceAny: call.principal !== undefined && holds(call.principal, 'conversations:delete'),
      chunks,
    });
    const vectors = await this.embedder.embed(conversation_id);
    return {
      conversation_id,
      chunks_created: chunks.length,
      success: true,
      error_message: null,
      metadata: { messages: messages.length, replaced, vectors, pii_masked: this.config.piiAnonymize },
    };
  }

  /** Newest first. */
  list({ skip, limit }: ConversationPage): Promise<ConversationList> {
    return this.store.list(skip, limit);
  }

  /** Throws NotFound. */
  async get({ conversation_id }: ConversationId): Promise<Conversation> {
    const conversation = await this.store.get(conversation_id);
    if (!conversation) throw new NotFound('No conversation has this id');
    return conversation;
  }

  /** Throws NotFound. */
  async delete({ conversation_id }: ConversationId): Promise<{ conversation_id: string; deleted: true }> {
    if (!(await this.store.delete(conversation_id))) throw new NotFound('No conversation has this id');
    return { conversation_id, deleted: true };
  }

  /** The best passages, from as many different conversations as there are. Throws InvalidInput. */
  async search(input: SearchPassages, call: Call): Promise<SearchAnswer> {
    const { top_k, filters, include_metadata } = input;
    const query = maskSecrets(input.query);
    const options = { limit: top_k, perConversation: 1, filters: filtersOf(filters ?? {}) };
    const { passages, ranking, notice } = await this.passages.find(query, options, call.signal);
    const results = passages.map((passage) => resultOf(passage, include_metadata));
    return { results, total: results.length, metadata: { ranking, notices: notice ? [notice] : [] } };
  }

  /** Throws NotFound for a conversation that is not there. */
  async ask(input: AskQuestion, call: Call): Promise<Answer> {
    return this.questions.answer(await this.#question(input, call));
  }

  /** The same answer as it comes in. Throws NotFound before the first event. */
  async askStream(input: AskQuestion, call: Call): Promise<AsyncIterable<AnswerEvent>> {
    return this.questions.stream(await this.#question(input, call));
  }

  async #question({ query, top_k, conversation_id: id }: AskQuestion, { signal }: Call): Promise<Question> {
    const conversation_id = id ?? undefined;
    if (conversation_id !== undefined && !(await this.store.exists(conversation_id))) {
      throw new NotFound('No conversation has this id');
    }
    return { text: maskSecrets(query), limit: top_k, filters: { conversation_id }, signal };
  }
}

/** All texts together are bounded as a text of its own is: to index one costs the database seconds beyond that. */
function requireBounded(messages: readonly ConversationMessage[]): void {
  const length = messages.reduce((sum, { text }) => sum + text.length, 0);
  if (length <= CONTENT_LENGTH) return;
  throw new InvalidInput(
    `The texts have more than ${CONTENT_LENGTH} characters together: split the conversation`,
    [{ path: '/messages', message: `must have at most ${CONTENT_LENGTH} characters in all` }],
  );
}

function turnOf(message: ConversationMessage, path: string, mask: (text: string) => string): Turn {
  const { text, author_name, author_type, timestamp } = message;
  if (text.includes('\0')) {
    throw new InvalidInput('A text holds U+0000', [
      { path: `${path}/text`, message: 'must not hold U+0000' },
    ]);
  }
  return {
    text: mask(text),
    author_name: optional(author_name, mask),
    author_type: optional(author_type),
    said_at: timestamp ? pointInTime(timestamp, `${path}/timestamp`) : null,
  };
}

/** An empty name is no name. */
function optional(text: string | null | undefined, mask = (one: string) => one): string | null {
  return text ? mask(text) : null;
}

function filtersOf({ date_from, date_to, ...filters }: SearchFilters): PassageFilters {
  return {
    ...filters,
    from: date_from ? pointInTime(date_from, '/filters/date_from') : null,
    before: date_to ? momentAfter(date_to, '/filters/date_to') : null,
  };
}

function resultOf(passage: Passage, withMetadata: boolean): SearchResult {
  const { chunk_id, conversation_id, text, score, author_name, author_type, timestamp } = passage;
  const { scenario_title, original_title, url, position, created_at } = passage;
  const result = { chunk_id, conversation_id, text, score, author_name, author_type, timestamp };
  return withMetadata
    ? { ...result, metadata: { scenario_title, original_title, url, position, created_at } }
    : result;
}
