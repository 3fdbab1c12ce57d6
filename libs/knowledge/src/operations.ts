import type { CachedOptions } from '#cache';
import { ConversationRevision } from './conversation.revision.ts';
import { AskQuestion } from './dto/ask-question.dto.ts';
import { ConversationId } from './dto/conversation-id.dto.ts';
import { ConversationPage } from './dto/conversation-page.dto.ts';
import { IngestConversation } from './dto/ingest-conversation.dto.ts';
import { SearchPassages } from './dto/search-passages.dto.ts';
import type { SearchAnswer } from './knowledge.service.ts';

/** What the routes declare. The tools of the same names declare the same. */
export const operations = {
  ingest: {
    name: 'conversations.ingest',
    permission: 'conversations:write',
    input: IngestConversation,
    event: 'conversation_ingested',
  },
  list: { name: 'conversations.list', permission: 'conversations:read', input: ConversationPage },
  get: { name: 'conversations.get', permission: 'conversations:read', input: ConversationId },
  delete: { name: 'conversations.delete', permission: 'conversations:delete', input: ConversationId },
  search: { name: 'conversations.search', permission: 'conversations:read', input: SearchPassages },
  ask: { name: 'rag.ask', permission: 'rag:ask', input: AskQuestion },
  askStream: { name: 'rag.ask-stream', permission: 'rag:ask', input: AskQuestion },
} as const;

/**
 * What a search has found is found again until a conversation changes. Not one that says how it fell short, as when the
 * model of the vectors does not answer.
 */
export const searchCache: CachedOptions = {
  ttl: 60,
  revision: ConversationRevision,
  keep: ({ metadata }: SearchAnswer) => metadata.notices.length === 0,
};

/** RAG-28: so many questions a minute. */
export const askLimit = { default: { limit: 100, ttl: 60_000 } };
