/** A conversation as callers see it. Times are ISO 8601 in UTC. */
export interface ConversationSummary {
  conversation_id: string;
  scenario_title: string | null;
  original_title: string | null;
  url: string | null;
  /** Principal that ingested it first. */
  created_by: string;
  created_at: string;
  updated_at: string;
  chunk_count: number;
}

export interface ConversationChunk {
  chunk_id: string;
  position: number;
  text: string;
  author_name: string | null;
  author_type: string | null;
  timestamp: string | null;
}

export interface Conversation extends ConversationSummary {
  chunks: ConversationChunk[];
}

export interface ConversationList {
  conversations: ConversationSummary[];
  total: number;
  skip: number;
  limit: number;
}

/** A chunk that a search found, with what its conversation says of itself. */
export interface Passage extends ConversationChunk {
  conversation_id: string;
  /** 0 to 1. */
  score: number;
  scenario_title: string | null;
  original_title: string | null;
  url: string | null;
  created_at: string;
}

/** Same conversation, same position, same id: ingesting a conversation again keeps it. */
export function chunkId(conversationId: string, position: number): string {
  return `${conversationId}#${position}`;
}
