/** Tables of the knowledge base; migrations/003-conversations.ts makes them. */
export interface ConversationsTables {}
