import { Inject, Injectable } from '@nestjs/common';
import { sql, type Transaction } from 'kysely';
import type { ConfigOf } from '#config';
import { Database, type Tables } from '#persistence';
import type { Found } from './full-text.index.ts';
import { knowledgeConfig } from './knowledge.config.ts';
import { passageFilter, type PassageFilters } from './passage-filter.ts';
import { ConversationSeal } from './sealing/conversation-seal.ts';

export interface Unembedded {
  readonly chunk: string;
  readonly text: string;
}

type UnembeddedRow = Unembedded & {
  conversation: string;
  position: number;
  author_name: string | null;
  sealed_by: string | null;
};

export interface Embedded {
  readonly chunk: string;
  readonly vector: readonly number[];
}

/** The signs of a vector's numbers tell roughly where it points: of so many times too many candidates, the vectors decide. */
const OVERSAMPLING = 4;

/**
 * Chunks by meaning: their vectors, in pgvector. To be asked only where `available` says so. A search reads the signs of all
 * vectors, a bit for each number, and then the nearest vectors themselves (docs/decisions/ranking.md).
 */
@Injectable()
export class VectorIndex {
  #opened: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly seal: ConversationSeal,
    @Inject(knowledgeConfig.KEY) private readonly config: ConfigOf<typeof knowledgeConfig>,
  ) {}

  get available(): boolean {
    return this.database.vectors;
  }

  /** A vector tells nearly what its text says, so beside sealed texts there are none unless that is wanted. */
  get mayHoldSealed(): boolean {
    return this.config.vectorsInClear;
  }

  /** Takes away those of a conversation. */
  async forget(transaction: Transaction<Tables>, conversation: number): Promise<void> {
    // Asked within the transaction: the embedded database would wait for its own end.
    const { rows } = await sql<{ there: boolean }>`
      select to_regclass('conversation_vectors') is not null as there`.execute(transaction);
    if (!rows[0]?.there) return;
    await sql`
      delete from conversation_vectors e using conversation_chunks c
      where c.id = e.chunk and c.conversation = ${conversation}`.execute(transaction);
  }

  /** Makes the table, once. No migration does, since pgvector may come after them. */
  #open(): Promise<void> {
    if (!this.#opened) {
      this.#opened = this.database.withLock('conversation-vectors', () => this.#create());
      this.#opened.catch(() => (this.#opened = undefined));
    }
    return this.#opened;
  }

  /** pgvector stores a long vector apart from its row, so that the signs of many rows lie close together. */
  async #create(): Promise<void> {
    await sql`
      create table if not exists conversation_vectors (
        chunk     bigint primary key references conversation_chunks (id) on delete cascade,
        model     text not null,
        signs     bit varying not null,
        embedding vector not null
      )`.execute(this.database.kysely);
    await sql`
      create or replace trigger conversation_vectors_changed
      after insert or update on conversation_vectors
      for each statement execute function count_conversation_change()`.execute(this.database.kysely);
  }

  /** Chunks that have no vector of this model yet. */
  async unembedded(model: string, limit: number, conversationId?: string): Promise<Unembedded[]> {
    await this.#open();
    // A subquery for each chunk: the planner would rather join all vectors.
    const { rows } = await sql<UnembeddedRow>`
      select c.id as chunk, c.position, c.text, c.author_name, v.id as conversation, v.sealed_by
      from conversation_chunks c join conversations v on v.seq = c.conversation
      where (select e.model from conversation_vectors e where e.chunk = c.id) is distinct from ${model}
        ${conversationId === undefined ? sql`` : sql`and v.id = ${conversationId}`}
      order by c.id limit ${limit}`.execute(this.database.kysely);
    return rows.map((row) => ({ chunk: row.chunk, text: this.seal.openSaid(row.conversation, row).text }));
  }

  /** Those whose chunks were deleted meanwhile are left out. */
  async add(model: string, vectors: readonly Embedded[]): Promise<void> {
    await this.#open();
    await sql`
      insert into conversation_vectors (chunk, model, signs, embedding)
      select given.chunk, ${model}, binary_quantize(given.embedding), given.embedding
      from (
        select chunk, embedding::vector from unnest(
          ${vectors.map(({ chunk }) => chunk)}::bigint[], ${vectors.map(({ vector }) => textOf(vector))}::text[]
        ) sent (chunk, embedding)
        offset 0 -- Each text is read once.
      ) given
      join conversation_chunks c on c.id = given.chunk for key share of c
      on conflict (chunk) do update
        set model = excluded.model, signs = excluded.signs, embedding = excluded.embedding`.execute(
      this.database.kysely,
    );
  }

  /** The nearest chunks, best first, and beside them the score of each of `others`. The score is the cosine, 0 at least. */
  async rank(
    { model, vector }: { model: string; vector: readonly number[] },
    { limit, filters, others }: { limit: number; filters: PassageFilters; others: readonly Found[] },
  ): Promise<Found[]> {
    await this.#open();
    const markers = await this.seal.markers();
    const bits = sql`bit(${sql.lit(vector.length)})`;
    const { rows } = await sql<Found>`
      with wanted as materialized (
        select embedding, binary_quantize(embedding)::${bits} as signs
        from (select ${textOf(vector)}::vector as embedding) given
      ), near as materialized (
        select e.chunk from conversation_vectors e
        where e.model = ${model} and ${passageFilter(filters, 'e.chunk', markers) ?? sql`true`}
        order by e.signs::${bits} <~> (select signs from wanted) limit ${limit * OVERSAMPLING}
      ), measured as (
        select e.chunk, 1 - (e.embedding <=> wanted.embedding) as cosine
        from conversation_vectors e cross join wanted
        where e.model = ${model} and e.chunk in (
          select chunk from near union select unnest(${others.map(({ chunk }) => chunk)}::bigint[])
        )
      )
      select chunk, c.conversation, greatest(0, cosine)::float8 as score
      from measured join conversation_chunks c on c.id = chunk order by score desc, chunk`.execute(
      this.database.kysely,
    );
    return rows;
  }
}

function textOf(vector: readonly number[]): string {
  return `[${vector.join(',')}]`;
}
