import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Revision } from '#cache';
import { Database } from '#persistence';

/**
 * Changes with each conversation that is stored, replaced or deleted, and with their vectors, at the moment of its commit:
 * so no answer outlives in a cache what it quotes.
 */
@Injectable()
export class ConversationRevision extends Revision {
  constructor(private readonly database: Database) {
    super();
  }

  async current(): Promise<string> {
    const { changes } = await this.database.kysely
      .selectFrom('conversation_changes')
      .select(sql<string>`sum(changes)::text`.as('changes'))
      .executeTakeFirstOrThrow();
    return changes;
  }
}
