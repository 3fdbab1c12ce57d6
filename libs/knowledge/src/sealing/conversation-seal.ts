import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { sql, type Selectable } from 'kysely';
import type { ConfigOf } from '#config';
import { BlindIndex, encryptionConfig, Envelope, type SealContext } from '#encryption';
import { Database, type Tables } from '#persistence';
import { chunkId } from '../conversation.ts';

type ConversationRow = Selectable<Tables['conversations']>;
export type Titles = Pick<ConversationRow, 'scenario_title' | 'original_title' | 'url'>;
export type StoredTitles = Titles & Pick<ConversationRow, 'sealed_by' | 'title_mark'>;

type ChunkRow = Selectable<Tables['conversation_chunks']>;
export type Said = Pick<ChunkRow, 'text' | 'author_name'>;
export type StoredSaid = Said & Pick<ChunkRow, 'author_mark'>;

/** What a mark is made of: the same text as a word and as a name has two marks. */
export type Marked = 'word' | 'author' | 'title';

/**
 * Conversations as they lie in the database. With ENCRYPT_AT_REST titles, URL, texts and authors are sealed, each for its
 * place, and what is searched for lies there by its mark. A conversation is sealed as a whole or not at all, and its row
 * says by which key, so that nobody takes a sealed text for a text.
 */
@Injectable()
export class ConversationSeal implements OnModuleInit {
  #seen = false;

  constructor(
    @Inject(encryptionConfig.KEY) private readonly config: ConfigOf<typeof encryptionConfig>,
    private readonly envelope: Envelope,
    private readonly index: BlindIndex,
    private readonly database: Database,
  ) {}

  /** Those that were sealed stay so when ENCRYPT_AT_REST is turned off, and are searched for all the same. */
  async onModuleInit(): Promise<void> {
    const { rows } = await sql`select from conversations where sealed_by is not null limit 1`.execute(
      this.database.kysely,
    );
    this.#seen = rows.length > 0;
  }

  /** Whether new conversations are sealed. */
  get on(): boolean {
    return this.config.encryptAtRest;
  }

  /** Id of the key that seals. */
  get keyId(): string {
    return this.envelope.keyId;
  }

  /** Whether some conversations may be sealed: then words are asked for by their marks, too. */
  get mayBeSealed(): boolean {
    return this.on || this.#seen;
  }

  mark(kind: Marked, text: string): string {
    return this.index.mark(kind, text);
  }

  /** As they are to be stored now. */
  titles(id: string, titles: Titles): StoredTitles {
    return this.on ? this.sealTitles(id, titles) : { ...titles, sealed_by: null, title_mark: null };
  }

  /** `position`: 1 is the first chunk. */
  said(id: string, position: number, said: Said): StoredSaid {
    return this.on ? this.sealSaid(id, position, said) : { ...said, author_mark: null };
  }

  sealTitles(id: string, { scenario_title, original_title, url }: Titles): StoredTitles {
    return {
      scenario_title: this.#seal(scenario_title, ofConversation('scenario_title', id)),
      original_title: this.#seal(original_title, ofConversation('original_title', id)),
      url: this.#seal(url, ofConversation('url', id)),
      sealed_by: this.envelope.keyId,
      title_mark: scenario_title === null ? null : this.mark('title', scenario_title),
    };
  }

  sealSaid(id: string, position: number, { text, author_name }: Said): StoredSaid {
    return {
      text: this.envelope.seal(text, ofChunk('text', id, position)),
      author_name: this.#seal(author_name, ofChunk('author_name', id, position)),
      author_mark: author_name === null ? null : this.mark('author', author_name),
    };
  }

  /** @throws {CannotOpen} */
  openTitles(id: string, row: Titles & Pick<StoredTitles, 'sealed_by'>): Titles {
    const { scenario_title, original_title, url, sealed_by } = row;
    if (sealed_by === null) return { scenario_title, original_title, url };
    return {
      scenario_title: this.#open(scenario_title, ofConversation('scenario_title', id)),
      original_title: this.#open(original_title, ofConversation('original_title', id)),
      url: this.#open(url, ofConversation('url', id)),
    };
  }

  /** @throws {CannotOpen} */
  openSaid(id: string, row: Said & { position: number; sealed_by: string | null }): Said {
    const { text, author_name, position, sealed_by } = row;
    if (sealed_by === null) return { text, author_name };
    return {
      text: this.envelope.open(text, ofChunk('text', id, position)),
      author_name: this.#open(author_name, ofChunk('author_name', id, position)),
    };
  }

  #seal(text: string | null, context: SealContext): string | null {
    return text === null ? null : this.envelope.seal(text, context);
  }

  #open(sealed: string | null, context: SealContext): string | null {
    return sealed === null ? null : this.envelope.open(sealed, context);
  }
}

function ofConversation(column: string, row: string): SealContext {
  return { table: 'conversations', column, row };
}

/** By its place in the conversation, which it keeps, and which is known before the row is. */
function ofChunk(column: string, id: string, position: number): SealContext {
  return { table: 'conversation_chunks', column, row: chunkId(id, position) };
}
