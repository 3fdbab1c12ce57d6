import { Injectable } from '@nestjs/common';
import { sql, type RawBuilder, type SqlBool, type Transaction } from 'kysely';
import { Database, type Tables } from '#persistence';
import type { Chunk } from '../chunker.ts';
import { FullTextIndex } from '../full-text.index.ts';
import { inClearOrMarked } from '../passage-filter.ts';
import { ERASED } from '../postings.ts';
import { ConversationSeal, type Titles } from '../sealing/conversation-seal.ts';

export interface PersonsMessage {
  /** 1 is the first of its conversation. */
  readonly position: number;
  readonly text: string;
  readonly author_type: string | null;
  readonly said_at: Date | null;
}

/** One conversation in which a person spoke. */
export interface Spoken {
  readonly seq: number;
  readonly id: string;
}

export interface Erased {
  readonly messages: number;
  /** Nobody else had said anything in it, so it went as a whole. */
  readonly whole: boolean;
}

type StoredChunk = Chunk & { readonly position: number };

/** What one author said, over all conversations. */
@Injectable()
export class PersonsStore {
  constructor(
    private readonly database: Database,
    private readonly index: FullTextIndex,
    private readonly seal: ConversationSeal,
  ) {}

  /** The oldest first, behind `after`. */
  async spoken(name: string, after: number, limit: number): Promise<Spoken[]> {
    const said = await this.#said(name);
    return this.database.kysely
      .selectFrom('conversations as v')
      .select(['v.seq', 'v.id'])
      .where('v.seq', '>', after)
      .where(
        sql<SqlBool>`exists (select from conversation_chunks c where c.conversation = v.seq and ${said})`,
      )
      .orderBy('v.seq')
      .limit(limit)
      .execute();
  }

  async messages(name: string, { seq, id }: Spoken): Promise<PersonsMessage[]> {
    const rows = await this.database.kysely
      .selectFrom('conversation_chunks as c')
      .innerJoin('conversations as v', 'v.seq', 'c.conversation')
      .select(['c.position', 'c.text', 'c.author_name', 'c.author_type', 'c.said_at', 'v.sealed_by'])
      .where('c.conversation', '=', seq)
      .where(await this.#said(name))
      .orderBy('c.position')
      .execute();
    return rows.map((row) => {
      const { position, author_type, said_at } = row;
      return { position, text: this.seal.openSaid(id, row).text, author_type, said_at };
    });
  }

  /**
   * Takes a person out of one conversation, with postings and vectors of what they said. The others' messages keep their
   * places; where there are none, the conversation goes. `pseudonym`: keeps the texts, under that name.
   */
  async erase(name: string, { seq, id }: Spoken, pseudonym: string | undefined): Promise<Erased> {
    return this.database.kysely.transaction().execute(async (transaction) => {
      const row = await transaction
        .selectFrom('conversations')
        .selectAll()
        .where('seq', '=', seq)
        .forUpdate()
        .executeTakeFirst();
      if (!row) return { messages: 0, whole: false };
      const before = await this.#chunks(transaction, { seq, id }, row.sealed_by);
      const own = before.filter((chunk) => chunk.author_name === name);
      if (own.length === 0) return { messages: 0, whole: false };
      const whole =
        pseudonym === undefined && before.every((c) => c.author_name === name || c.text === ERASED);
      if (whole) {
        await transaction.deleteFrom('conversations').where('seq', '=', seq).execute();
        return { messages: own.length, whole };
      }
      const titles = this.seal.openTitles(id, row);
      const chunks = before.map((chunk) => (chunk.author_name === name ? without(chunk, pseudonym) : chunk));
      await this.#replace(transaction, { seq, id }, titles, chunks);
      return { messages: own.length, whole };
    });
  }

  /** Conversations where one message has all the words of the name: for a person to look at. */
  async mentioning(name: string, limit: number): Promise<string[]> {
    const found = await this.index.saying(name, limit);
    if (found.length === 0) return [];
    const rows = await this.database.kysely
      .selectFrom('conversations')
      .select('id')
      .where('seq', 'in', found)
      .orderBy('seq')
      .execute();
    return rows.map(({ id }) => id);
  }

  async #chunks(
    transaction: Transaction<Tables>,
    { seq, id }: Spoken,
    sealed_by: string | null,
  ): Promise<StoredChunk[]> {
    const rows = await transaction
      .selectFrom('conversation_chunks')
      .selectAll()
      .where('conversation', '=', seq)
      .orderBy('position')
      .execute();
    return rows.map((row) => {
      const { position, author_type, said_at } = row;
      return { position, author_type, said_at, ...this.seal.openSaid(id, { ...row, sealed_by }) };
    });
  }

  async #replace(
    transaction: Transaction<Tables>,
    { seq, id }: Spoken,
    titles: Titles,
    chunks: readonly Chunk[],
  ): Promise<void> {
    const { marker } = this.seal;
    await transaction.deleteFrom('conversation_terms').where('conversation', '=', seq).execute();
    await transaction.deleteFrom('conversation_chunks').where('conversation', '=', seq).execute();
    await transaction
      .updateTable('conversations')
      .set(this.seal.titles(id, titles, marker))
      .where('seq', '=', seq)
      .execute();
    const words = [titles.scenario_title, titles.original_title].filter((title) => title !== null);
    await this.index.add(transaction, seq, { id, titles: words, chunks }, marker);
  }

  async #said(name: string): Promise<RawBuilder<SqlBool>> {
    const column = { name: 'c.author_name', mark: 'c.author_mark' };
    return inClearOrMarked(column, name, 'author', await this.seal.allMarkers());
  }
}

function without(chunk: StoredChunk, pseudonym: string | undefined): StoredChunk {
  if (pseudonym !== undefined) return { ...chunk, author_name: pseudonym };
  return { ...chunk, text: ERASED, author_name: null, said_at: null };
}
