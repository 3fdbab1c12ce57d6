export { Answers } from './answers/answers.ts';
export { Embeddings } from './embeddings/embeddings.ts';
export { knowledgeConfig } from './knowledge.config.ts';
export type { PersonErasure, PersonExport } from './persons/persons.service.ts';
export { KnowledgeModule } from './knowledge.module.ts';
export {
  KnowledgeService,
  type Ingested,
  type SearchAnswer,
  type SearchResult,
} from './knowledge.service.ts';
export type { Answer, AnswerEvent } from './answers/question-answering.ts';
export type { Conversation, ConversationList, ConversationSummary } from './conversation.ts';
