import { Injectable } from '@nestjs/common';
import { sql, type Selectable, type Transaction } from 'kysely';
import type { Marker } from '#encryption';
import { GatehouseError } from '#errors';
import { Database, type Tables } from '#persistence';
import type { Chunk } from './chunker.ts';
import {
  chunkId,
  type Conversation,
  type ConversationChunk,
  type ConversationList,
  type ConversationSummary,
  type Passage,
} from './conversation.ts';
import { FullTextIndex, type Found } from './full-text.index.ts';
import { ConversationSeal } from './sealing/conversation-seal.ts';

export interface NewConversation {
  readonly id: string;
  readonly scenario_title: string | null;
  readonly original_title: string | null;
  readonly url: string | null;
  /** Principal id. */
  readonly created_by: string;
  /** Also a conversation that somebody else made. */
  readonly mayReplaceAny: boolean;
  readonly chunks: readonly Chunk[];
}

/** Conversations and their chunks in the database. */
@Injectable()
export class ConversationStore {
  constructor(
    private readonly database: Database,
    private readonly index: FullTextIndex,
    private readonly seal: ConversationSeal,
  ) {}

  /** Writes it whole or not at all. One of the same id is replaced; whoever reads meanwhile sees the old one or the new. */
  async save(conversation: NewConversation): Promise<{ replaced: boolean }> {
    const { chunks, scenario_title, original_title } = conversation;
    const titles = [scenario_title, original_title].filter((title) => title !== null);
    const { marker } = this.seal;
    return this.database.kysely.transaction().execute(async (transaction) => {
      const { seq, replaced } = await this.#claim(transaction, conversation, marker);
      if (replaced) {
        await transaction.deleteFrom('conversation_terms').where('conversation', '=', seq).execute();
        await transaction.deleteFrom('conversation_chunks').where('conversation', '=', seq).execute();
      }
      await this.index.add(transaction, seq, { id: conversation.id, titles, chunks }, marker);
      return { replaced };
    });
  }

  /** The row of the conversation, new or taken over, locked until the transaction ends. */
  async #claim(
    transaction: Transaction<Tables>,
    { chunks, mayReplaceAny, ...conversation }: NewConversation,
    marker: Marker | undefined,
  ): Promise<{ seq: number; replaced: boolean }> {
    const now = new Date();
    const { created_by } = conversation;
    const anew = {
      ...this.seal.titles(conversation.id, conversation, marker),
      created_by,
      chunk_count: chunks.length,
      updated_at: now,
    };
    const claimed = await transaction
      .insertInto('conversations')
      .values({ ...conversation, ...anew, term_count: 0, created_at: now })
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet(anew)
          .where((that) =>
            that.or([that('conversations.created_by', '=', created_by), that.lit(mayReplaceAny)]),
          ),
      )
      // A row that was just inserted has never been locked or updated.
      .returning(['seq', sql<boolean>`xmax <> 0`.as('replaced')])
      .executeTakeFirst();
    if (claimed) return claimed;
    throw new GatehouseError(
      'CONFLICT',
      'Somebody else made a conversation of this id: take another id, or ask who may delete it',
    );
  }

  /** Newest first. */
  async list(skip: number, limit: number): Promise<ConversationList> {
    const { kysely } = this.database;
    const rows = await kysely
      .selectFrom('conversations')
      .selectAll()
      .orderBy('seq', 'desc')
      .offset(skip)
      .limit(limit)
      .execute();
    const { total } = await kysely
      .selectFrom('conversations')
      .select(({ fn }) => fn.countAll<string>().as('total'))
      .executeTakeFirstOrThrow();
    return { conversations: rows.map((row) => this.#summaryOf(row)), total: Number(total), skip, limit };
  }

  async get(id: string): Promise<Conversation | undefined> {
    const { kysely } = this.database;
    const row = await kysely.selectFrom('conversations').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return undefined;
    // Whether they are sealed is read with them: the conversation may be sealed, or replaced, between the two.
    const chunks = await kysely
      .selectFrom('conversation_chunks as c')
      .innerJoin('conversations as v', 'v.seq', 'c.conversation')
      .select(['c.position', 'c.text', 'c.author_name', 'c.author_type', 'c.said_at', 'v.sealed_by'])
      .where('c.conversation', '=', row.seq)
      .orderBy('c.position')
      .execute();
    return { ...this.#summaryOf(row), chunks: chunks.map((chunk) => this.#chunkOf(id, chunk)) };
  }

  async exists(id: string): Promise<boolean> {
    const found = await this.database.kysely
      .selectFrom('conversations')
      .select('seq')
      .where('id', '=', id)
      .executeTakeFirst();
    return found !== undefined;
  }

  /** Says whether there was one. */
  async delete(id: string): Promise<boolean> {
    const { numDeletedRows } = await this.database.kysely
      .deleteFrom('conversations')
      .where('id', '=', id)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /** Deletes some of those that were last ingested before; says how many. */
  async deleteBefore(moment: Date, limit: number): Promise<number> {
    const { kysely } = this.database;
    const { numDeletedRows } = await kysely
      .deleteFrom('conversations')
      .where(
        'id',
        'in',
        kysely.selectFrom('conversations').select('id').where('updated_at', '<', moment).limit(limit),
      )
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  /**
   * Clears away the rows that were deleted or replaced. A server does that by itself; the embedded database never, and
   * would read past them in each search.
   */
  async vacuum(): Promise<void> {
    if (this.database.engine !== 'pglite') return;
    for (const table of ['conversation_terms', 'conversation_chunks', 'conversations'] as const) {
      await sql`vacuum (analyze) ${sql.table(table)}`.execute(this.database.kysely);
    }
  }

  /** What was found, in the same order. What has been deleted since is left out. */
  async passages(found: readonly Found[]): Promise<Passage[]> {
    if (found.length === 0) return [];
    const rows = await this.#passages()
      .where(
        'c.id',
        'in',
        found.map(({ chunk }) => chunk),
      )
      .execute();
    const byId = new Map(rows.map((row) => [row.chunk, row]));
    return found.flatMap(({ chunk, score }) => {
      const row = byId.get(chunk);
      return row ? [this.#passageOf(row, score)] : [];
    });
  }

  /** The passage after each of these in its conversation, where there is one, by the id of the one before it. */
  async following(passages: readonly Passage[]): Promise<Map<string, Passage>> {
    if (passages.length === 0) return new Map();
    const places = passages.map(
      ({ conversation_id, position }) => sql`(${conversation_id}, ${position + 1}::integer)`,
    );
    const rows = await this.#passages()
      .where(sql<boolean>`(v.id, c.position) in (${sql.join(places)})`)
      .execute();
    return new Map(
      rows.map((row) => [chunkId(row.conversation_id, row.position - 1), this.#passageOf(row, 0)]),
    );
  }

  #passages() {
    return this.database.kysely
      .selectFrom('conversation_chunks as c')
      .innerJoin('conversations as v', 'v.seq', 'c.conversation')
      .select(['c.id as chunk', 'c.position', 'c.text', 'c.author_name', 'c.author_type', 'c.said_at'])
      .select(['v.id as conversation_id', 'v.scenario_title', 'v.original_title', 'v.url', 'v.created_at'])
      .select('v.sealed_by');
  }

  #summaryOf(row: Selectable<Tables['conversations']>): ConversationSummary {
    const { id, created_by, chunk_count } = row;
    return {
      conversation_id: id,
      ...this.seal.openTitles(id, row),
      created_by,
      created_at: row.created_at.toISOString(),
      updated_at: row.updated_at.toISOString(),
      chunk_count,
    };
  }

  #chunkOf(conversationId: string, row: ChunkRow): ConversationChunk {
    const { position, author_type, said_at } = row;
    const { text, author_name } = this.seal.openSaid(conversationId, row);
    const chunk_id = chunkId(conversationId, position);
    return { chunk_id, position, text, author_name, author_type, timestamp: said_at?.toISOString() ?? null };
  }

  #passageOf(row: ChunkRow & TitleRow & { conversation_id: string }, score: number): Passage {
    const { conversation_id } = row;
    return {
      ...this.#chunkOf(conversation_id, row),
      conversation_id,
      score: Math.floor(score * 1e6) / 1e6, // Never above the score that `min_score` is compared with.
      ...this.seal.openTitles(conversation_id, row),
      created_at: row.created_at.toISOString(),
    };
  }
}

interface ChunkRow extends Pick<
  Selectable<Tables['conversation_chunks']>,
  'position' | 'text' | 'author_name' | 'author_type' | 'said_at'
> {
  sealed_by: string | null;
}
type TitleRow = Pick<
  Selectable<Tables['conversations']>,
  'scenario_title' | 'original_title' | 'url' | 'created_at' | 'sealed_by'
>;
