import type { Generated } from 'kysely';

/** Tables of the knowledge base; migrations 003, 005 and 008 make them. */
export interface ConversationsTables {
  conversations: ConversationRow;
  conversation_chunks: ConversationChunkRow;
  conversation_terms: ConversationTermRow;
  conversation_vectors: ConversationVectorRow;
  conversation_changes: ConversationChangesRow;
}

export interface ConversationRow {
  /** The name that callers know it by. */
  id: string;
  /** The short name that the other tables know it by. */
  seq: Generated<number>;
  scenario_title: string | null;
  original_title: string | null;
  url: string | null;
  /** Principal that ingested it first. */
  created_by: string;
  created_at: Date;
  updated_at: Date;
  chunk_count: number;
  /** Words that are searched, counted as often as they occur. */
  term_count: number;
  /**
   * Id of the key that sealed the titles, the URL and all texts and authors of the conversation, and `.marked` behind it where
   * its marks are made under that key, too; null: all is in clear.
   */
  sealed_by: string | null;
  /** Of a sealed `scenario_title`: what a filter by title asks for. */
  title_mark: string | null;
}

export interface ConversationChunkRow {
  /** int8, which the driver gives as a text. */
  id: Generated<string>;
  conversation: number;
  /** 1, 2, 3… in the order of the conversation. */
  position: number;
  text: string;
  author_name: string | null;
  author_type: string | null;
  /** When it was said, where the conversation tells. */
  said_at: Date | null;
  /** Of a sealed `author_name`: what a filter by author asks for. */
  author_mark: string | null;
}

/** One word of one chunk: the postings of the full-text ranking. */
export interface ConversationTermRow {
  /** The word as it is asked for; of a sealed conversation its blinded form. */
  term: string;
  chunk: string;
  conversation: number;
  /** How often the word stands in the chunk, and how many words the chunk has. */
  tf: number;
  chunk_terms: number;
  /** The same for the whole conversation. */
  whole_tf: number;
  whole_terms: number;
  /** True in one chunk of each conversation that has the word: counting these counts conversations. */
  leads: boolean;
}

/** Exists only where pgvector does and an embedding model was configured. */
export interface ConversationVectorRow {
  chunk: string;
  /** Vectors of two models can't be compared. */
  model: string;
  /** The sign of each number: `0110…`. */
  signs: string;
  /** pgvector's text form: `[0.1,0.2]`. */
  embedding: string;
}

/** How often the answers of the knowledge base have changed: the sum of all rows. */
export interface ConversationChangesRow {
  stripe: number;
  /** int8, which the driver gives as a text. */
  changes: string;
}
