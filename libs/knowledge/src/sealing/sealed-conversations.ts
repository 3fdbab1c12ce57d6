import { Injectable, type OnModuleInit } from '@nestjs/common';
import { sql, type Transaction } from 'kysely';
import { CannotOpen, KeyRotation, SealedRows, type KeyCount, type Resealed } from '#encryption';
import { Database, type Tables } from '#persistence';
import { VectorIndex } from '../vector.index.ts';
import { ConversationSeal } from './conversation-seal.ts';

interface Stored {
  seq: number;
  id: string;
  scenario_title: string | null;
  original_title: string | null;
  url: string | null;
  sealed_by: string | null;
}

/** Conversations, for the rotation of keys: sealed anew one by one, each whole or not at all. */
@Injectable()
export class SealedConversations extends SealedRows implements OnModuleInit {
  readonly name = 'conversations';

  constructor(
    private readonly database: Database,
    private readonly seal: ConversationSeal,
    private readonly vectors: VectorIndex,
    private readonly rotation: KeyRotation,
  ) {
    super();
  }

  onModuleInit(): void {
    this.rotation.register(this);
  }

  get sealsAll(): boolean {
    return this.seal.on;
  }

  async counts(): Promise<KeyCount[]> {
    const rows = await this.database.kysely
      .selectFrom('conversations')
      .select(({ fn }) => ['sealed_by as key', fn.countAll<string>().as('rows')])
      .groupBy('sealed_by')
      .orderBy('sealed_by')
      .execute();
    return rows.map(({ key, rows: count }) => ({ key, rows: Number(count) }));
  }

  async reseal(after: string | undefined, limit: number): Promise<Resealed> {
    const waiting = await this.database.kysely
      .selectFrom('conversations')
      .select('seq')
      .where('seq', '>', Number(after ?? 0))
      .where(sql<boolean>`sealed_by is distinct from ${this.seal.keyId}`)
      .where((that) => that.or([that('sealed_by', 'is not', null), that.lit(this.seal.on)]))
      .orderBy('seq')
      .limit(limit)
      .execute();
    let [done, failed] = [0, 0];
    for (const { seq } of waiting) {
      try {
        if (await this.#resealOne(seq)) done++;
      } catch (error) {
        if (!(error instanceof CannotOpen)) throw error;
        failed++;
      }
    }
    return { done, failed, next: waiting.length < limit ? undefined : String(waiting.at(-1)!.seq) };
  }

  /** Says false where somebody has replaced, deleted or sealed it meanwhile. */
  #resealOne(seq: number): Promise<boolean> {
    return this.database.kysely.transaction().execute(async (transaction) => {
      const row = await transaction
        .selectFrom('conversations')
        .select(['seq', 'id', 'scenario_title', 'original_title', 'url', 'sealed_by'])
        .where('seq', '=', seq)
        .where(sql<boolean>`sealed_by is distinct from ${this.seal.keyId}`)
        .forUpdate()
        .executeTakeFirst();
      if (!row) return false;
      await this.#resealChunks(transaction, row);
      if (row.sealed_by === null) await this.#markWords(transaction, seq);
      if (row.sealed_by === null && !this.vectors.mayHoldSealed) await this.vectors.forget(transaction, seq);
      const titles = this.seal.sealTitles(row.id, this.seal.openTitles(row.id, row));
      await transaction.updateTable('conversations').set(titles).where('seq', '=', seq).execute();
      return true;
    });
  }

  async #resealChunks(transaction: Transaction<Tables>, { seq, id, sealed_by }: Stored): Promise<void> {
    const chunks = await transaction
      .selectFrom('conversation_chunks')
      .select(['id', 'position', 'text', 'author_name'])
      .where('conversation', '=', seq)
      .execute();
    const anew = chunks.map((chunk) =>
      this.seal.sealSaid(id, chunk.position, this.seal.openSaid(id, { ...chunk, sealed_by })),
    );
    await sql`
      update conversation_chunks c
      set text = anew.text, author_name = anew.author_name, author_mark = anew.author_mark
      from unnest(
        ${chunks.map((chunk) => chunk.id)}::bigint[], ${anew.map(({ text }) => text)}::text[],
        ${anew.map((chunk) => chunk.author_name)}::text[], ${anew.map((chunk) => chunk.author_mark)}::text[]
      ) anew (id, text, author_name, author_mark)
      where c.id = anew.id`.execute(transaction);
  }

  /** The postings of one that was in clear: each word becomes its mark. Those of a sealed one stay, as marks do. */
  async #markWords(transaction: Transaction<Tables>, seq: number): Promise<void> {
    const words = await transaction
      .selectFrom('conversation_terms')
      .select('term')
      .distinct()
      .where('conversation', '=', seq)
      .execute();
    await sql`
      update conversation_terms t set term = marked.mark
      from unnest(
        ${words.map(({ term }) => term)}::text[], ${words.map(({ term }) => this.seal.mark('word', term))}::text[]
      ) marked (term, mark)
      where t.conversation = ${seq}::integer and t.term = marked.term`.execute(transaction);
  }
}
