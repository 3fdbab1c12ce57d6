import { Injectable, type OnModuleInit } from '@nestjs/common';
import { sql, type Transaction } from 'kysely';
import {
  BlindIndex,
  CannotOpen,
  KeyRotation,
  SealedRows,
  type KeyCount,
  type Marker,
  type Resealed,
} from '#encryption';
import { Database, type Tables } from '#persistence';
import { FullTextIndex } from '../full-text.index.ts';
import { VectorIndex } from '../vector.index.ts';
import { ConversationSeal, SEALING_KEY, type Said } from './conversation-seal.ts';

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
    private readonly index: FullTextIndex,
    private readonly blindIndex: BlindIndex,
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
    const asItShould = this.seal.sealedBy(this.seal.sealing);
    const rows = await this.database.kysely
      .selectFrom('conversations')
      .select(({ fn }) => [
        SEALING_KEY.as('key'),
        sql<boolean>`sealed_by is not null and sealed_by <> ${asItShould}`.as('stale'),
        fn.countAll<string>().as('rows'),
      ])
      .groupBy(['key', 'stale'])
      .orderBy('key')
      .execute();
    return rows.map(({ key, stale, rows: count }) => ({ key, stale, rows: Number(count) }));
  }

  async reseal(after: string | undefined, limit: number): Promise<Resealed> {
    const waiting = await this.database.kysely
      .selectFrom('conversations')
      .select('seq')
      .where('seq', '>', Number(after ?? 0))
      .where(sql<boolean>`sealed_by is distinct from ${this.seal.sealedBy(this.seal.sealing)}`)
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
    const next = waiting.length < limit ? undefined : String(waiting.at(-1)!.seq);
    if (next === undefined) await this.#forgetFormer();
    return { done, failed, next };
  }

  /** Says false where somebody has replaced, deleted or sealed it meanwhile. */
  #resealOne(seq: number): Promise<boolean> {
    const marker = this.seal.sealing;
    return this.database.kysely.transaction().execute(async (transaction) => {
      const row = await transaction
        .selectFrom('conversations')
        .select(['seq', 'id', 'scenario_title', 'original_title', 'url', 'sealed_by'])
        .where('seq', '=', seq)
        .where(sql<boolean>`sealed_by is distinct from ${this.seal.sealedBy(marker)}`)
        .forUpdate()
        .executeTakeFirst();
      if (!row) return false;
      const titles = this.seal.openTitles(row.id, row);
      const chunks = await this.#resealChunks(transaction, row, marker);
      const words = [titles.scenario_title, titles.original_title].filter((title) => title !== null);
      await this.index.mark(transaction, seq, { titles: words, chunks }, marker);
      if (!this.vectors.mayHoldSealed) await this.vectors.forget(transaction, seq);
      await transaction
        .updateTable('conversations')
        .set(this.seal.titles(row.id, titles, marker))
        .where('seq', '=', seq)
        .execute();
      return true;
    });
  }

  /** Answers them in clear, in their order. */
  async #resealChunks(
    transaction: Transaction<Tables>,
    { seq, id, sealed_by }: Stored,
    marker: Marker,
  ): Promise<Said[]> {
    const chunks = await transaction
      .selectFrom('conversation_chunks')
      .select(['id', 'position', 'text', 'author_name'])
      .where('conversation', '=', seq)
      .orderBy('position')
      .execute();
    const opened = chunks.map((chunk) => this.seal.openSaid(id, { ...chunk, sealed_by }));
    const anew = opened.map((said, i) => this.seal.said(id, chunks[i]!.position, said, marker));
    await sql`
      update conversation_chunks c
      set text = anew.text, author_name = anew.author_name, author_mark = anew.author_mark
      from unnest(
        ${chunks.map((chunk) => chunk.id)}::bigint[], ${anew.map(({ text }) => text)}::text[],
        ${anew.map((chunk) => chunk.author_name)}::text[], ${anew.map((chunk) => chunk.author_mark)}::text[]
      ) anew (id, text, author_name, author_mark)
      where c.id = anew.id`.execute(transaction);
    return opened;
  }

  /** Those that do not open have marks by it still. */
  async #forgetFormer(): Promise<void> {
    const { rows } = await sql`
      select from conversations where sealed_by is not null and position('.' in sealed_by) = 0 limit 1`.execute(
      this.database.kysely,
    );
    if (rows.length === 0) await this.blindIndex.forgetFormer();
  }
}
