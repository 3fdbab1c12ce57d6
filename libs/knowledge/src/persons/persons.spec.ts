import type { INestApplicationContext } from '@nestjs/common';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Call } from '#call';
import { databases, useDatabase } from '#testing';
import { KnowledgeService } from '../knowledge.service.ts';
import { callOfAnn as call, openKnowledge } from '../testing/open-knowledge.ts';
import { Persons } from './persons.service.ts';

const NAME = 'Philomena Quill';
const said = (author_name: string, text: string) => ({ author_name, author_type: 'human', text });

const ownCall = () => new Call({ door: 'rest', address: '127.0.0.1', authorization: undefined });

const ways = databases.flatMap((kind) => [
  { kind, how: `in clear on ${kind.name}`, env: {} },
  { kind, how: `sealed on ${kind.name}`, env: { ENCRYPT_AT_REST: 'true' } },
]);

describe.each(ways)('a person $how', ({ kind, env }) => {
  const database = useDatabase(kind);
  let app: INestApplicationContext;
  let knowledge: KnowledgeService;
  let persons: Persons;
  beforeAll(async () => {
    app = await openKnowledge(database(), env);
    knowledge = app.get(KnowledgeService);
    persons = app.get(Persons);
  });
  afterAll(() => app.close());

  beforeEach(async () => {
    await database().kysely.deleteFrom('conversations').execute();
    await ingest('both', said(NAME, 'My cat eats marmalade.'), said('Bo', 'Dear Philomena Quill, mine too.'));
    await ingest('alone', said(NAME, 'Only marmalade here.'), said(NAME, 'And more of it.'));
    await ingest('others', said('Bo', 'We have marmalade.'), said('Philomena', 'Another person.'));
  });

  const ingest = (conversation_id: string, ...messages: ReturnType<typeof said>[]) =>
    knowledge.ingest({ conversation_id, messages }, call);
  const found = async (query: string) => {
    const { results } = await knowledge.search(
      { query, top_k: 10, filters: {}, include_metadata: false },
      call,
    );
    return results.map(({ chunk_id }) => chunk_id).sort();
  };

  it('gets all that they said, and nothing that others did', async () => {
    const { conversations, next, person } = await persons.export({ author_name: NAME }, ownCall());
    expect(conversations).toMatchObject([
      { conversation_id: 'both', messages: [{ chunk_id: 'both#1', text: 'My cat eats marmalade.' }] },
      { conversation_id: 'alone', messages: [{ text: 'Only marmalade here.\nAnd more of it.' }] },
    ]);
    expect(next).toBeNull();
    expect(person).toMatch(/^~[\w-]{16}$/);
  });

  it('is taken out of conversations, of the index and of whole conversations; others stay in their place', async () => {
    const erasure = await persons.erase({ author_name: NAME }, ownCall());
    expect(erasure).toMatchObject({
      conversations: 2,
      deleted_conversations: 1,
      messages: 2,
      done: true,
      pseudonym: null,
      mentioned_in: ['both'],
    });
    await expect(knowledge.get({ conversation_id: 'alone' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await knowledge.get({ conversation_id: 'both' })).toMatchObject({
      chunk_count: 2,
      chunks: [
        { chunk_id: 'both#1', text: '[erased]', author_name: null, timestamp: null },
        { chunk_id: 'both#2', text: 'Dear Philomena Quill, mine too.', author_name: 'Bo' },
      ],
    });
    expect(await found('marmalade')).toEqual(['others#1']);
    expect(await found('erased')).toEqual([]);
    expect(await found('mine')).toEqual(['both#2']);
    expect((await persons.export({ author_name: NAME }, ownCall())).conversations).toEqual([]);
    const { rows } = await sql`
      select from conversation_terms t where not exists (select from conversation_chunks c where c.id = t.chunk)`.execute(
      database().kysely,
    );
    expect(rows).toEqual([]);
  });

  it('may stay in what was said, under a name that tells nothing', async () => {
    const { pseudonym, person } = await persons.erase({ author_name: NAME, keep_texts: true }, ownCall());
    expect(pseudonym).toBe(`person ${person.slice(1, 9)}`);
    expect(await knowledge.get({ conversation_id: 'alone' })).toMatchObject({
      chunks: [{ text: 'Only marmalade here.\nAnd more of it.', author_name: pseudonym }],
    });
    expect(await found('marmalade')).toEqual(['alone#1', 'both#1', 'others#1']);
  });

  it('is on record by a mark, not by the name', async () => {
    const [first, second, other] = [ownCall(), ownCall(), ownCall()];
    const { person } = await persons.export({ author_name: NAME }, first);
    await persons.erase({ author_name: NAME }, second);
    await persons.erase({ author_name: 'Philomena' }, other);
    expect(first.notes).toEqual({ person });
    expect(second.notes).toEqual({ person, messages: 2, conversations: 2 });
    expect(other.notes?.['person']).not.toBe(person);
    expect(JSON.stringify([first.notes, second.notes, other.notes])).not.toContain('Philomena');
  });

  it('is erased from more conversations than one call takes, a call at a time, and exported page by page', async () => {
    await Promise.all(
      Array.from({ length: 55 }, (_, i) =>
        ingest(`many-${i}`, said('Zoe', `Number ${i}`), said('Bo', 'Yes.')),
      ),
    );
    const page = await persons.export({ author_name: 'Zoe' }, ownCall());
    const last = await persons.export({ author_name: 'Zoe', after: page.next! }, ownCall());
    expect([page.conversations.length, last.conversations.length, last.next]).toEqual([50, 5, null]);
    expect(await persons.erase({ author_name: 'Zoe' }, ownCall())).toMatchObject({
      messages: 50,
      done: false,
    });
    expect(await persons.erase({ author_name: 'Zoe' }, ownCall())).toMatchObject({ messages: 5, done: true });
    await expect(persons.export({ author_name: 'Zoe', after: 'x' }, ownCall())).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });
});
