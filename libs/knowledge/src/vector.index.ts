import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { Database } from '#persistence';
import type { Found } from './full-text.index.ts';
import { passageFilter, type PassageFilters } from './passage-filter.ts';

export interface Unembedded {
  readonly chunk: string;
  readonly text: string;
}

export interface Embedded {
  readonly chunk: string;
  readonly vector: readonly number[];
}

/** pgvector's own bound for an index on the type `vector`. */
const MOST_INDEXED_DIMENSIONS = 2_000;

/** Chunks by meaning: their vectors, in pgvector. To be asked only where `available` says so. */
@Injectable()
export class VectorIndex {
  readonly #made = new Map<string, Promise<void>>();

  constructor(private readonly database: Database) {}

  get available(): boolean {
    return this.database.vectors;
  }

  /** Makes the table, once. */
  open(): Promise<void> {
    return this.#once('table', async () => {
      await sql`
        create table if not exists conversation_vectors (
          chunk     bigint primary key references conversation_chunks (id) on delete cascade,
          model     text not null,
          embedding vector not null
        )`.execute(this.database.kysely);
    });
  }

  /** Makes the index of a model, once. Its vectors all have one size, which an index needs to know. */
  async #indexOf(model: string, dimensions: number): Promise<void> {
    await this.open();
    if (dimensions > MOST_INDEXED_DIMENSIONS) return; // Found all the same, by looking at each.
    const name = `conversation_vectors_${dimensions}_${fingerprint(model)}`;
    await this.#once(name, async () => {
      await sql`
        create index if not exists ${sql.id(name)} on conversation_vectors
        using hnsw ((embedding::vector(${sql.lit(dimensions)})) vector_cosine_ops)
        where model = ${sql.lit(model)}`.execute(this.database.kysely);
    });
  }

  #once(name: string, work: () => Promise<void>): Promise<void> {
    let made = this.#made.get(name);
    if (!made) {
      made = this.database.withLock('conversation-vectors', work);
      made.catch(() => this.#made.delete(name));
      this.#made.set(name, made);
    }
    return made;
  }

  /** Chunks that have no vector of this model yet. */
  async unembedded(model: string, limit: number, conversationId?: string): Promise<Unembedded[]> {
    await this.open();
    const { rows } = await sql<Unembedded>`
      select c.id as chunk, c.text from conversation_chunks c join conversations v on v.seq = c.conversation
      where not exists (select from conversation_vectors e where e.chunk = c.id and e.model = ${model})
        ${conversationId === undefined ? sql`` : sql`and v.id = ${conversationId}`}
      order by c.id limit ${limit}`.execute(this.database.kysely);
    return rows;
  }

  /** Those whose chunks were deleted meanwhile are left out. */
  async add(model: string, vectors: readonly Embedded[]): Promise<void> {
    await this.#indexOf(model, vectors[0]?.vector.length ?? 0);
    await sql`
      insert into conversation_vectors (chunk, model, embedding)
      select given.chunk, ${model}, given.embedding::vector
      from unnest(${vectors.map(({ chunk }) => chunk)}::bigint[], ${vectors.map(({ vector }) => textOf(vector))}::text[])
        given (chunk, embedding)
      join conversation_chunks c on c.id = given.chunk for key share of c
      on conflict (chunk) do update set model = excluded.model, embedding = excluded.embedding`.execute(
      this.database.kysely,
    );
  }

  /** The nearest chunks, best first, and beside them the score of each of `others`. The score is the cosine, 0 at least. */
  async rank(
    { model, vector }: { model: string; vector: readonly number[] },
    { limit, filters, others }: { limit: number; filters: PassageFilters; others: readonly Found[] },
  ): Promise<Found[]> {
    await this.#indexOf(model, vector.length);
    const wanted = sql`${textOf(vector)}::vector(${sql.lit(vector.length)})`;
    const distance = sql`embedding::vector(${sql.lit(vector.length)}) <=> ${wanted}`;
    const filter = passageFilter(filters, 'e.chunk');
    // A filtered search looks at each vector that passes: the index would answer with its nearest and then drop most.
    const nearest = filter
      ? sql`select chunk, ${distance} as distance from (
          select chunk, embedding from conversation_vectors e where model = ${model} and ${filter} offset 0
        ) passing order by distance limit ${limit}`
      : sql`select chunk, ${distance} as distance from conversation_vectors
          where model = ${sql.lit(model)} order by ${distance} limit ${limit}`;
    const { rows } = await sql<Found>`
      with found as (
        (${nearest}) union
        select chunk, ${distance} from conversation_vectors
        where model = ${model} and chunk = any (${others.map(({ chunk }) => chunk)}::bigint[])
      )
      select chunk, c.conversation, greatest(0, 1 - distance)::float8 as score
      from found join conversation_chunks c on c.id = chunk order by score desc, chunk`.execute(
      this.database.kysely,
    );
    return rows;
  }
}

function textOf(vector: readonly number[]): string {
  return `[${vector.join(',')}]`;
}

/** Enough to tell the models of one deployment apart in the name of an index. */
function fingerprint(model: string): string {
  let hash = 0;
  for (const unit of Buffer.from(model)) hash = (Math.imul(hash, 31) + unit) >>> 0;
  return hash.toString(36);
}
