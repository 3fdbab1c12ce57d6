import { Injectable } from '@nestjs/common';
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Marker } from '#encryption';
import { Database, type Tables } from '#persistence';
import type { Chunk } from './chunker.ts';
import { passageFilter, type PassageFilters } from './passage-filter.ts';
import { markedWords, postingsOf, searchableTexts, wordsOf } from './postings.ts';
import { searchableText } from './searchable-text.ts';
import { ConversationSeal } from './sealing/conversation-seal.ts';

/** A chunk that a ranking found. */
export interface Found {
  /** Id in conversation_chunks. */
  readonly chunk: string;
  /** `seq` of its conversation. */
  readonly conversation: number;
  /** 0 to 1. */
  readonly score: number;
}

export interface RankOptions {
  readonly limit: number;
  /** So many passages of one conversation go before the first of another; more only where there are no others. */
  readonly perConversation: number;
  readonly filters: PassageFilters;
}

/** What a new conversation says. */
export interface NewTexts {
  /** Of the conversation, as callers know it. */
  readonly id: string;
  readonly titles: readonly string[];
  readonly chunks: readonly Chunk[];
}

/** More words than a question has. They bound what a stranger's query can cost, with MOST_POSTINGS. */
const MOST_TERMS = 64;
/** Occurrences that one query may read. The rarest words are read first: what is left out says least. */
const MOST_POSTINGS = 30_000;

/** BM25's usual parameters (Robertson & Zaragoza 2009, section 3.5). */
const K1 = 1.2;
const B = 0.75;

/** One speaker's turn is short and says little of its topic, a whole conversation says it, so both count alike. */
const WHOLE_SHARE = 0.5;

/**
 * BM25 in SQL: PostgreSQL's parser, stop words and stemmer cut text into terms; a table of postings counts them, and
 * the rarity of a term is counted from it at the moment of the query. docs/decisions/ranking.md says why.
 */
@Injectable()
export class FullTextIndex {
  constructor(
    private readonly database: Database,
    private readonly seal: ConversationSeal,
  ) {}

  /**
   * Writes the chunks of a new conversation and their postings, sealed where there is a marker. The titles are words of
   * its first chunk.
   */
  async add(
    transaction: Transaction<Tables>,
    conversation: number,
    { id, titles, chunks }: NewTexts,
    marker: Marker | undefined,
  ): Promise<void> {
    const searchable = searchableTexts(titles, chunks);
    const said = chunks.map((chunk, i) => this.seal.said(id, i + 1, chunk, marker));
    const words = marker ? await markedWords(transaction, searchable, marker) : wordsOf(searchable);
    await sql`
      with parts as materialized (
        select * from unnest(
          ${said.map(({ text }) => text)}::text[], ${said.map((one) => one.author_name)}::text[],
          ${said.map((one) => one.author_mark)}::text[], ${chunks.map((chunk) => chunk.author_type)}::text[],
          ${chunks.map((chunk) => chunk.said_at)}::timestamptz[]
        ) with ordinality part (text, author_name, author_mark, author_type, said_at, position)
      ), stored as (
        insert into conversation_chunks (conversation, position, text, author_name, author_mark, author_type, said_at)
        select ${conversation}::integer, position, text, author_name, author_mark, author_type, said_at
        from parts order by position
        returning id, position
      ), ${postingsOf(conversation, words)}`.execute(transaction);
  }

  /** Writes the postings of a conversation anew, which is there, from all its texts: by this marker from now on. */
  async mark(
    transaction: Transaction<Tables>,
    conversation: number,
    { titles, chunks }: Pick<NewTexts, 'titles'> & { readonly chunks: readonly Pick<Chunk, 'text'>[] },
    marker: Marker,
  ): Promise<void> {
    const words = await markedWords(transaction, searchableTexts(titles, chunks), marker);
    await transaction.deleteFrom('conversation_terms').where('conversation', '=', conversation).execute();
    await sql`
      with stored as materialized (
        select id, position from conversation_chunks where conversation = ${conversation}
      ), ${postingsOf(conversation, words)}`.execute(transaction);
  }

  /** Best first. The score is the share of what a text could reach that says every word of the query again and again. */
  async rank(query: string, { limit, perConversation, filters }: RankOptions): Promise<Found[]> {
    const markers = await this.seal.markers();
    const filter = passageFilter(filters, 'passages.chunk', markers);
    const weights = weightsOf(await this.#asked(query, markers));
    const { rows } = await sql<Found>`
      with ${weights},
      passages as materialized (
        select posting.conversation, posting.chunk, sum(posting.said) as passage, sum(posting.whole) as whole
        from weights join forms using (term) cross join lateral (
          select
            t.conversation, t.chunk,
            passage_weight * t.tf / (t.tf + ${K1 * (1 - B)}::float8 + passage_norm * t.chunk_terms) as said,
            case when t.leads
              then whole_weight * t.whole_tf / (t.whole_tf + ${K1 * (1 - B)}::float8 + whole_norm * t.whole_terms)
              else 0 end as whole
          from conversation_terms t where t.term = forms.form
          offset 0 -- Keeps this an index scan per term: without statistics the planner would read the whole table.
        ) posting
        where weights.affordable
        group by 1, 2
      ), eligible as materialized (
        select passages.*, ${filter ?? sql`true`} as fits from passages
      ), best as materialized (
        select conversation, sum(whole) as whole, sum(whole) + max(passage) filter (where fits) as score
        from eligible group by 1 having bool_or(fits) order by score desc, conversation limit ${limit}
      ), ranked as (
        select
          eligible.chunk, eligible.conversation, best.whole + eligible.passage as score,
          row_number() over (partition by conversation order by eligible.passage desc, eligible.chunk) as nth
        from best join eligible using (conversation) where eligible.fits
      ), chosen as (
        select chunk, conversation, score from ranked
        where score >= ${filters.min_score ?? 0}::float8
        order by (nth > ${perConversation}), score desc, chunk limit ${limit}
      )
      select chunk, conversation, score from chosen order by score desc, chunk`.execute(this.database.kysely);
    return rows;
  }

  /** How much of the query each of the texts says, 0 to 1, in their order: the words weigh as they do in `rank`. */
  async relevance(query: string, texts: readonly string[]): Promise<number[]> {
    if (texts.length === 0) return [];
    const weights = weightsOf(await this.#asked(query, await this.seal.markers()));
    const { rows } = await sql<{ relevance: number }>`
      with ${weights}
      select coalesce(sum(weights.passage_weight) / (1 - ${WHOLE_SHARE}::float8), 0) as relevance
      from unnest(${texts.map(searchableText)}::text[]) with ordinality given (text, place)
      left join weights on weights.term = any (tsvector_to_array(to_tsvector('english', given.text)))
      group by place order by place`.execute(this.database.kysely);
    return rows.map(({ relevance }) => relevance);
  }

  /** `seq` of conversations in which one passage has all the words of a text. */
  async saying(text: string, limit: number): Promise<number[]> {
    const { rows } = await sql<{ conversation: number }>`
      with ${await this.#asked(text, await this.seal.markers())}
      select distinct conversation from (
        select t.conversation, t.chunk from forms join conversation_terms t on t.term = forms.form
        group by 1, 2 having count(distinct forms.term) = (select count(*) from asked)
      ) passages order by conversation limit ${limit}`.execute(this.database.kysely);
    return rows.map(({ conversation }) => conversation);
  }

  /**
   * `asked`: the words of a query, and how often it says each. `forms`: as what they stand in the postings; where some
   * conversations are sealed and others not, by their marks as well.
   */
  async #asked(query: string, markers: readonly Marker[]): Promise<RawBuilder<unknown>> {
    if (markers.length === 0) {
      return sql`asked as materialized (${askedWords(query)}), forms as materialized (select term, term as form from asked)`;
    }
    const { rows } = await sql<{ term: string; times: number }>`${askedWords(query)}`.execute(
      this.database.kysely,
    );
    const terms = rows.map(({ term }) => term);
    const forms = terms.flatMap((term) => [term, ...markers.map((marker) => marker.mark('word', term))]);
    const formsOf = terms.flatMap((term) => Array.from({ length: markers.length + 1 }, () => term));
    return sql`
      asked as materialized (
        select * from unnest(${terms}::text[], ${rows.map(({ times }) => times)}::integer[]) word (term, times)
      ), forms as materialized (
        select * from unnest(${formsOf}::text[], ${forms}::text[]) word (term, form)
      )`;
  }
}

function askedWords(query: string): RawBuilder<unknown> {
  return sql`
    select lexeme as term, cardinality(positions) as times
    from unnest(to_tsvector('english', ${searchableText(query)})) order by times desc, positions[1] limit ${MOST_TERMS}`;
}

/**
 * `weights`: one row per word of the query, with its weight in a passage and in a whole conversation; all weights
 * together are 1. A word that the query repeats counts as often. Rarity: Lucene's form of the idf, which is never negative.
 */
function weightsOf(asked: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    ${asked}, totals as materialized (
      select count(*)::float8 as wholes, sum(chunk_count)::float8 as passages, nullif(sum(term_count), 0)::float8 as terms
      from conversations
    ), counted as materialized (
      select asked.term, asked.times, sum(known.passages) as passages, sum(known.wholes) as wholes
      from asked join forms using (term) cross join lateral (
        select count(*)::float8 as passages, count(*) filter (where t.leads)::float8 as wholes
        from conversation_terms t where t.term = forms.form
      ) known
      group by 1, 2
    ), rarity as materialized (
      select
        counted.term, counted.passages as postings,
        counted.times * ln(1 + (totals.passages - counted.passages + 0.5) / (counted.passages + 0.5)) as passage_rarity,
        counted.times * ln(1 + (totals.wholes - counted.wholes + 0.5) / (counted.wholes + 0.5)) as whole_rarity,
        ${K1 * B}::float8 * totals.passages / totals.terms as passage_norm,
        ${K1 * B}::float8 * totals.wholes / totals.terms as whole_norm
      from counted cross join totals
    ), weights as materialized (
      select
        term, passage_norm, whole_norm,
        ${1 - WHOLE_SHARE}::float8 * passage_rarity / sum(passage_rarity) over () as passage_weight,
        ${WHOLE_SHARE}::float8 * whole_rarity / sum(whole_rarity) over () as whole_weight,
        sum(postings) over rarest <= ${MOST_POSTINGS} or row_number() over rarest = 1 as affordable
      from rarity window rarest as (order by postings, term)
    )`;
}
