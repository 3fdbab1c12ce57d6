import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Marker } from '#encryption';
import type { Tables } from '#persistence';
import type { Chunk } from './chunker.ts';
import { searchableText } from './searchable-text.ts';

/** What stands where a message was that had to go. Nobody searches for it. */
export const ERASED = '[erased]';

/** The texts of a conversation as they are cut into words: the titles are words of its first chunk. */
export function searchableTexts(titles: readonly string[], chunks: readonly Pick<Chunk, 'text'>[]): string[] {
  return chunks.map(({ text }, i) => {
    const words = text === ERASED ? '' : text;
    return searchableText(i === 0 ? [...titles, words].join('\n') : words);
  });
}

/** The words of sealed texts never reach the disk: the database cuts them up, and stores what we make of them. */
export async function markedWords(
  transaction: Transaction<Tables>,
  searchable: readonly string[],
  marker: Marker,
): Promise<RawBuilder<unknown>> {
  const { rows } = await sql<{
    position: string;
    term: string;
    tf: number;
  }>`${wordsOf(searchable)}`.execute(transaction);
  return sql`
    select * from unnest(
      ${rows.map(({ position }) => position)}::bigint[], ${rows.map(({ term }) => marker.mark('word', term))}::text[],
      ${rows.map(({ tf }) => tf)}::integer[]
    ) word (position, term, tf)`;
}

/** Inserts the postings of a conversation, whose chunks are in `stored`. */
export function postingsOf(conversation: number, words: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    words as materialized (${words}), sizes as materialized (
      select position, sum(tf)::integer as terms from words group by position
    ), whole as (
      update conversations set term_count = (select coalesce(sum(terms), 0) from sizes) where seq = ${conversation}
      returning term_count
    )
    insert into conversation_terms (term, chunk, conversation, tf, chunk_terms, whole_tf, whole_terms, leads)
    select
      words.term, stored.id, ${conversation}::integer, words.tf, sizes.terms,
      sum(words.tf) over (partition by words.term), whole.term_count,
      row_number() over (partition by words.term order by words.position) = 1
    from words join sizes using (position) join stored using (position) cross join whole`;
}

/** Every word of every text, and how often it stands there; `position` 1 is the first text. */
export function wordsOf(searchable: readonly string[]): RawBuilder<unknown> {
  return sql`
    select part.position, word.lexeme as term, cardinality(word.positions) as tf
    from unnest(${searchable}::text[]) with ordinality part (searchable, position)
    cross join lateral unnest(to_tsvector('english', part.searchable)) word`;
}
