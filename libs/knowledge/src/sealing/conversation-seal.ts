import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { sql, type Selectable } from 'kysely';
import type { ConfigOf } from '#config';
import {
  BlindIndex,
  CannotOpen,
  encryptionConfig,
  Envelope,
  type Marker,
  type SealContext,
} from '#encryption';
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

/** Behind the key in `sealed_by`: its marks are made under that key, too. Without, they are from when marks had one of their own. */
const MARKED = '.marked';
/** The key in `sealed_by`, for SQL. */
export const SEALING_KEY = sql<string | null>`split_part(sealed_by, '.', 1)`;

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

  /** Marks what is written now, where it is to be sealed. To be asked for once for one conversation: its row says which key it was. */
  get marker(): Marker | undefined {
    return this.on ? this.index.current : undefined;
  }

  /** The same for what is sealed in any case. */
  get sealing(): Marker {
    return this.index.current;
  }

  /** Whether some conversations may be sealed: then words are asked for by their marks, too. */
  get mayBeSealed(): boolean {
    return this.on || this.#seen;
  }

  /** All under which a text may be found; none where all is in clear. @throws {CannotOpen} */
  async markers(): Promise<readonly Marker[]> {
    return this.mayBeSealed ? this.index.known() : [];
  }

  /**
   * The same, whatever this process has seen: another may have begun to seal.
   * @throws {CannotOpen} also where a conversation is under a key that is lost, so that none is passed over in silence.
   */
  async allMarkers(): Promise<readonly Marker[]> {
    const markers = await this.index.known();
    const { rows } = await sql<{ key: string }>`
      select distinct ${SEALING_KEY} as key from conversations where sealed_by is not null`.execute(
      this.database.kysely,
    );
    const lost = rows.find(({ key }) => !this.envelope.knows(key));
    if (lost) throw new CannotOpen(ofConversation('title_mark', ''), `key ${lost.key} is not known here`);
    return markers;
  }

  /** `sealed_by` of what is as it should be. */
  sealedBy({ keyId }: Marker): string {
    return `${keyId}${MARKED}`;
  }

  /** As they are to be stored; in clear without a marker. */
  titles(id: string, titles: Titles, marker: Marker | undefined): StoredTitles {
    if (!marker) return { ...titles, sealed_by: null, title_mark: null };
    const { scenario_title, original_title, url } = titles;
    return {
      scenario_title: this.#seal(scenario_title, ofConversation('scenario_title', id)),
      original_title: this.#seal(original_title, ofConversation('original_title', id)),
      url: this.#seal(url, ofConversation('url', id)),
      sealed_by: this.sealedBy(marker),
      title_mark: scenario_title === null ? null : marker.mark('title', scenario_title),
    };
  }

  /** `position`: 1 is the first chunk. */
  said(id: string, position: number, said: Said, marker: Marker | undefined): StoredSaid {
    if (!marker) return { ...said, author_mark: null };
    const { text, author_name } = said;
    return {
      text: this.envelope.seal(text, ofChunk('text', id, position)),
      author_name: this.#seal(author_name, ofChunk('author_name', id, position)),
      author_mark: author_name === null ? null : marker.mark('author', author_name),
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
