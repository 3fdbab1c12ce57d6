import { Injectable } from '@nestjs/common';
import type { Call } from '#call';
import { BlindIndex } from '#encryption';
import { InvalidInput } from '#errors';
import { chunkId } from '../conversation.ts';
import { ConversationStore } from '../conversation.store.ts';
import { ChunkEmbedder } from '../embeddings/chunk-embedder.ts';
import type { ErasePerson, ExportPerson } from './person.dto.ts';
import { PersonsStore } from './persons.store.ts';

/** Conversations for one answer: what is left is for the next call. */
const CONVERSATIONS = 50;
/** Conversations that mention a name, told in one answer. */
const MENTIONS = 1_000;

export interface PersonExport {
  /** What the audit trail calls this person. */
  person: string;
  conversations: {
    conversation_id: string;
    messages: { chunk_id: string; text: string; author_type: string | null; timestamp: string | null }[];
  }[];
  /** To be sent as `after`; null at the end. */
  next: string | null;
}

export interface PersonErasure {
  person: string;
  /** What their messages stand under from now on; null where the messages are gone. */
  pseudonym: string | null;
  /** Conversations that were changed, and those of them that are gone as a whole. */
  conversations: number;
  deleted_conversations: number;
  messages: number;
  /** Whether nothing of theirs is left; else to be called again. */
  done: boolean;
  /** Where others say the name, or a title does: nobody can tell by itself whether this person is meant. Once it is done. */
  mentioned_in: string[];
}

/** What a person may ask of whoever keeps their words: to have them, and to have them gone (RAG-41). */
@Injectable()
export class Persons {
  constructor(
    private readonly store: PersonsStore,
    private readonly conversations: ConversationStore,
    private readonly embedder: ChunkEmbedder,
    private readonly index: BlindIndex,
  ) {}

  async export({ author_name, after }: ExportPerson, call: Call): Promise<PersonExport> {
    const person = this.#note(author_name, call);
    const spoken = await this.store.spoken(author_name, seqOf(after), CONVERSATIONS);
    const conversations: PersonExport['conversations'] = [];
    for (const one of spoken) {
      const messages = (await this.store.messages(author_name, one)).map((message) => ({
        chunk_id: chunkId(one.id, message.position),
        text: message.text,
        author_type: message.author_type,
        timestamp: message.said_at?.toISOString() ?? null,
      }));
      conversations.push({ conversation_id: one.id, messages });
    }
    const next = spoken.length < CONVERSATIONS ? null : String(spoken.at(-1)!.seq);
    return { person, conversations, next };
  }

  async erase({ author_name, keep_texts }: ErasePerson, call: Call): Promise<PersonErasure> {
    const person = this.#note(author_name, call);
    const pseudonym = keep_texts ? `person ${person.slice(1, 9)}` : undefined;
    const spoken = await this.store.spoken(author_name, 0, CONVERSATIONS);
    let [messages, deleted] = [0, 0];
    for (const one of spoken) {
      const erased = await this.store.erase(author_name, one, pseudonym);
      messages += erased.messages;
      if (erased.whole) deleted++;
      // What the others said has lost its vectors with the rows that were written anew.
      else await this.embedder.embed(one.id);
    }
    const done = spoken.length < CONVERSATIONS;
    if (done) await this.conversations.vacuum();
    call.note('messages', messages);
    call.note('conversations', spoken.length);
    return {
      person,
      pseudonym: pseudonym ?? null,
      conversations: spoken.length,
      deleted_conversations: deleted,
      messages,
      done,
      mentioned_in: done ? await this.store.mentioning(author_name, MENTIONS) : [],
    };
  }

  /** The record names them by their mark: who knows the name can find it, who reads the trail learns none. */
  #note(name: string, call: Call): string {
    const person = this.index.current.mark('person', name);
    call.note('person', person);
    return person;
  }
}

function seqOf(after: string | undefined): number {
  if (after === undefined) return 0;
  const seq = /^\d{1,9}$/.test(after) ? Number(after) : Number.NaN;
  if (!Number.isNaN(seq)) return seq;
  throw new InvalidInput('That is not where an export can go on', [
    { path: '/after', message: 'must be what the answer before called "next"' },
  ]);
}
