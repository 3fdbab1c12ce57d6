import { Module } from '@nestjs/common';
import { ConfigError, type ConfigOf } from '#config';
import { encryptionConfig } from '#encryption';
import { AnthropicAnswers } from './answers/anthropic.answers.ts';
import { Answers } from './answers/answers.ts';
import { ExtractiveAnswers } from './answers/extractive.answers.ts';
import { OpenAiAnswers } from './answers/open-ai.answers.ts';
import { QuestionAnswering } from './answers/question-answering.ts';
import { ConversationsController } from './conversations.controller.ts';
import { ConversationUpkeep } from './conversation-upkeep.ts';
import { ConversationRevision } from './conversation.revision.ts';
import { ConversationStore } from './conversation.store.ts';
import { ChunkEmbedder } from './embeddings/chunk-embedder.ts';
import { Embeddings } from './embeddings/embeddings.ts';
import { NoEmbeddings } from './embeddings/no.embeddings.ts';
import { OpenAiCompatibleEmbeddings } from './embeddings/open-ai-compatible.embeddings.ts';
import { FullTextIndex } from './full-text.index.ts';
import { knowledgeConfig } from './knowledge.config.ts';
import { KnowledgeService } from './knowledge.service.ts';
import { KnowledgeTools } from './knowledge.tools.ts';
import { PassageSearch } from './passage-search.ts';
import { PersonsController } from './persons/persons.controller.ts';
import { Persons } from './persons/persons.service.ts';
import { PersonsStore } from './persons/persons.store.ts';
import { RagController } from './rag.controller.ts';
import { SearchController } from './search.controller.ts';
import { ConversationSeal } from './sealing/conversation-seal.ts';
import { SealedConversations } from './sealing/sealed-conversations.ts';
import { VectorIndex } from './vector.index.ts';

type KnowledgeConfig = ConfigOf<typeof knowledgeConfig>;

const OPENAI = 'https://api.openai.com/v1';
const ANTHROPIC = 'https://api.anthropic.com';

@Module({
  controllers: [ConversationsController, SearchController, RagController, PersonsController],
  providers: [
    KnowledgeService,
    KnowledgeTools,
    ConversationStore,
    ConversationRevision,
    ConversationUpkeep,
    FullTextIndex,
    VectorIndex,
    PassageSearch,
    Persons,
    PersonsStore,
    QuestionAnswering,
    ExtractiveAnswers,
    ChunkEmbedder,
    ConversationSeal,
    SealedConversations,
    { provide: Embeddings, inject: [knowledgeConfig.KEY, encryptionConfig.KEY], useFactory: embeddingsOf },
    { provide: Answers, inject: [knowledgeConfig.KEY, ExtractiveAnswers], useFactory: answersOf },
  ],
  exports: [KnowledgeService],
})
export class KnowledgeModule {}

export function embeddingsOf(
  config: KnowledgeConfig,
  { encryptAtRest }: Pick<ConfigOf<typeof encryptionConfig>, 'encryptAtRest'>,
): Embeddings {
  const { embeddingsUrl: url, embeddingsModel: model, embeddingsDimensions: dimensions } = config;
  if (!url) return new NoEmbeddings();
  if (encryptAtRest && !config.vectorsInClear) {
    throw new ConfigError([
      'ENCRYPT_AT_REST=true and EMBEDDINGS_URL contradict each other: a vector lies in clear and tells nearly what its text ' +
        'says. Leave EMBEDDINGS_URL out, or say VECTORS_IN_CLEAR=true',
    ]);
  }
  // The key of one company is not shown to another: it goes only where the answers' requests go with it, too.
  const ofOpenAi = new URL(url).origin === new URL(config.openaiBaseUrl ?? OPENAI).origin;
  const apiKey = config.embeddingsApiKey ?? (ofOpenAi ? config.openaiApiKey : undefined);
  return new OpenAiCompatibleEmbeddings({
    url,
    apiKey,
    model,
    dimensions,
    timeoutMs: config.embeddingsTimeoutMs,
  });
}

export function answersOf(config: KnowledgeConfig, extractive: ExtractiveAnswers): Answers {
  const { answersFrom: from, answersTimeoutMs: timeoutMs, answersMaxTokens: maxTokens } = config;
  const { anthropicApiKey, anthropicModel, openaiApiKey, openaiModel } = config;
  if (anthropicApiKey && (from === 'anthropic' || from === 'auto')) {
    const baseUrl = config.anthropicBaseUrl ?? ANTHROPIC;
    return new AnthropicAnswers({
      baseUrl,
      apiKey: anthropicApiKey,
      model: anthropicModel,
      maxTokens,
      timeoutMs,
    });
  }
  if (openaiApiKey && (from === 'openai' || from === 'auto')) {
    const baseUrl = config.openaiBaseUrl ?? OPENAI;
    return new OpenAiAnswers({ baseUrl, apiKey: openaiApiKey, model: openaiModel, maxTokens, timeoutMs });
  }
  if (from === 'anthropic' || from === 'openai') {
    throw new ConfigError([`ANSWERS_FROM=${from} needs ${from.toUpperCase()}_API_KEY`]);
  }
  return extractive;
}
