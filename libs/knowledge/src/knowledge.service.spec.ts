import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Call, type Role } from '#call';
import { InvalidInput, NotFound } from '#errors';
import { databases, useDatabase } from '#testing';
import { KnowledgeService } from './knowledge.service.ts';
import { callOfAnn as call, openKnowledge } from './testing/open-knowledge.ts';

const booking = {
  conversation_id: 'booking',
  scenario_title: 'Restaurants_2',
  original_title: 'A table at Sino',
  url: 'https://example.com/1',
  messages: [
    {
      text: 'Please find a restaurant in San José.',
      author_name: 'Ann',
      author_type: 'human',
      timestamp: '2026-03-01T10:00:00Z',
    },
    {
      text: 'Shall I book a table at Sino?',
      author_name: 'Bo',
      author_type: 'assistant',
      timestamp: '2026-03-01T10:01:00Z',
    },
    {
      text: "Yes, thanks. What's their phone number?",
      author_name: 'Ann',
      author_type: 'human',
      timestamp: '2026-03-02T09:00:00Z',
    },
    {
      text: 'Their phone number is 408-247-8880.',
      author_name: 'Bo',
      author_type: 'assistant',
      timestamp: '2026-03-02T09:01:00Z',
    },
  ],
};
const weather = {
  conversation_id: 'weather',
  scenario_title: 'Weather_1',
  messages: [
    { text: 'What will the weather be like in Chicago?', author_name: 'Cleo', author_type: 'human' },
    { text: 'There will be rain in Chicago, and strong wind.', author_name: 'Bo', author_type: 'assistant' },
  ],
};

function callOf(id: string, role: Role): Call {
  const made = new Call({ door: 'rest', address: '127.0.0.1', authorization: undefined });
  made.principal = { id, name: id, role, tier: undefined, keyId: 'k-2' };
  return made;
}

/** All that holds for texts in clear holds for sealed ones. */
const ways = databases.flatMap((kind) => [
  { kind, how: `in clear on ${kind.name}`, env: {} },
  { kind, how: `sealed on ${kind.name}`, env: { ENCRYPT_AT_REST: 'true' } },
]);

describe.each(ways)('the knowledge base $how', ({ kind, env: sealing }) => {
  const database = useDatabase(kind);
  let app: INestApplicationContext;
  let knowledge: KnowledgeService;

  const search = (query: string, filters = {}, top_k = 10) =>
    knowledge.search({ query, top_k, filters, include_metadata: true }, call);
  const found = async (query: string, filters = {}, top_k = 10) =>
    (await search(query, filters, top_k)).results.map(({ chunk_id }) => chunk_id);

  const age = async (conversation_id: string, days: number) => {
    await knowledge.ingest({ ...weather, conversation_id }, call);
    const updated_at = new Date(Date.now() - days * 86_400_000);
    await database()
      .kysely.updateTable('conversations')
      .set({ updated_at })
      .where('id', '=', conversation_id)
      .execute();
  };

  beforeAll(async () => {
    app = await openKnowledge(database(), sealing);
    knowledge = app.get(KnowledgeService);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await database().kysely.deleteFrom('conversations').execute();
  });

  describe('ingesting', () => {
    it('stores each turn of a speaker and tells of it', async () => {
      expect(await knowledge.ingest(booking, call)).toEqual({
        conversation_id: 'booking',
        chunks_created: 4,
        success: true,
        error_message: null,
        metadata: { messages: 4, replaced: false, vectors: 'none', pii_masked: false },
      });
      const stored = await knowledge.get({ conversation_id: 'booking' });
      expect(stored).toMatchObject({
        scenario_title: 'Restaurants_2',
        original_title: 'A table at Sino',
        url: 'https://example.com/1',
        created_by: 'p-1',
        chunk_count: 4,
      });
      expect(stored.chunks[2]).toEqual({
        chunk_id: 'booking#3',
        position: 3,
        text: "Yes, thanks. What's their phone number?",
        author_name: 'Ann',
        author_type: 'human',
        timestamp: '2026-03-02T09:00:00.000Z',
      });
    });

    it('takes one text as well', async () => {
      const content = 'A sentence about gliders. '.repeat(100);
      const { chunks_created } = await knowledge.ingest({ conversation_id: 'text', content }, call);
      expect(chunks_created).toBe(3);
      expect(await found('gliders')).toHaveLength(3);
    });

    it('makes an id where none is given', async () => {
      const { conversation_id } = await knowledge.ingest({ messages: [{ text: 'Hello gliders' }] }, call);
      expect(conversation_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(await found('gliders')).toEqual([`${conversation_id}#1`]);
    });

    it("replaces a conversation of the same id, keeps its chunks' ids, and names who brought what is there now", async () => {
      await knowledge.ingest(booking, call);
      const other = new Call({ door: 'rest', address: '::1', authorization: undefined });
      other.principal = { id: 'p-2', name: 'Bo', role: 'service', tier: undefined, keyId: 'k-2' };
      const again = await knowledge.ingest({ ...weather, conversation_id: 'booking' }, other);
      expect(again).toMatchObject({ chunks_created: 2, metadata: { replaced: true } });
      expect(await found('Sino')).toEqual([]);
      expect(await found('Chicago')).toEqual(['booking#2', 'booking#1']);
      expect(await knowledge.get({ conversation_id: 'booking' })).toMatchObject({
        created_by: 'p-2',
        original_title: null,
        url: null,
        chunk_count: 2,
      });
    });

    it('leaves the same behind when it is done twice', async () => {
      const query = 'phone number of the restaurant';
      await knowledge.ingest(booking, call);
      const { results } = await search(query);
      await knowledge.ingest(booking, call);
      expect((await search(query)).results).toEqual(results);
    });

    it('keeps one of several that come at once, whole', async () => {
      const versions = [1, 2, 3, 4].map((n) => ({
        conversation_id: 'contended',
        messages: Array.from({ length: n }, (_, i) => ({
          text: `gliders ${n}`,
          author_name: `speaker ${i}`,
        })),
      }));
      await Promise.all(versions.map((version) => knowledge.ingest(version, call)));
      const { chunks, chunk_count } = await knowledge.get({ conversation_id: 'contended' });
      expect(chunks).toHaveLength(chunk_count);
      expect(chunks.map(({ text }) => text)).toEqual(
        Array.from({ length: chunk_count }, () => `gliders ${chunk_count}`),
      );
      expect(await found('gliders')).toHaveLength(chunk_count);
    });

    it.each([
      ['white space alone', { messages: [{ text: ' \n ' }] }, 'white space'],
      ['U+0000', { messages: [{ text: 'a\0b' }] }, 'U+0000'],
      ['a day that does not exist', { messages: [{ text: 'a', timestamp: '2026-02-30' }] }, 'date'],
    ])('refuses %s, and keeps what was there', async (_, input, message) => {
      await knowledge.ingest(booking, call);
      const refused = knowledge.ingest({ conversation_id: 'booking', ...input }, call);
      await expect(refused).rejects.toThrow(InvalidInput);
      await expect(refused).rejects.toThrow(message);
      expect((await knowledge.get({ conversation_id: 'booking' })).chunks).toHaveLength(4);
    });

    it('stores a text as it came, whatever is in it', async () => {
      const text = `<script>alert("1")</script> Robert'); drop table conversations;-- 👩‍🚀 %s $1 \\ \u202e`;
      await knowledge.ingest({ conversation_id: "it's", content: text }, call);
      expect((await knowledge.get({ conversation_id: "it's" })).chunks[0]?.text).toBe(text);
    });

    it('takes as many and as long words as fit', async () => {
      const content = 'x'.repeat(100_000);
      expect(await knowledge.ingest({ conversation_id: 'long', content }, call)).toMatchObject({
        chunks_created: 100,
      });
      const messages = Array.from({ length: 1_000 }, (_, i) => ({
        text: `word${i}`,
        author_name: `speaker ${i}`,
      }));
      expect(await knowledge.ingest({ conversation_id: 'many', messages }, call)).toMatchObject({
        chunks_created: 1_000,
      });
      expect(await found('word777')).toEqual(['many#778']);
    });
  });

  describe('listing, reading and deleting', () => {
    it('lists the newest first, page by page', async () => {
      for (const conversation_id of ['a', 'b', 'c'])
        await knowledge.ingest({ ...weather, conversation_id }, call);
      const page = await knowledge.list({ skip: 1, limit: 1 });
      expect(page).toMatchObject({ total: 3, skip: 1, limit: 1 });
      expect(page.conversations.map(({ conversation_id }) => conversation_id)).toEqual(['b']);
    });

    it('deletes all of a conversation, and what it said about the rarity of words', async () => {
      await knowledge.ingest(weather, call);
      const before = (await search('strong wind')).results;
      await knowledge.ingest(booking, call);
      expect(await knowledge.delete({ conversation_id: 'booking' })).toEqual({
        conversation_id: 'booking',
        deleted: true,
      });
      expect((await search('strong wind')).results).toEqual(before);
      expect(await found('Sino')).toEqual([]);
      const { kysely } = database();
      for (const table of ['conversation_chunks', 'conversation_terms'] as const) {
        const { left } = await kysely
          .selectFrom(table)
          .select(({ fn }) => fn.countAll().as('left'))
          .where('conversation', 'not in', kysely.selectFrom('conversations').select('seq'))
          .executeTakeFirstOrThrow();
        expect(Number(left)).toBe(0);
      }
    });

    it('says so when there is none', async () => {
      await expect(knowledge.get({ conversation_id: 'nowhere' })).rejects.toThrow(NotFound);
      await expect(knowledge.delete({ conversation_id: 'nowhere' })).rejects.toThrow(NotFound);
      await expect(
        knowledge.ask({ query: 'Sino', top_k: 5, conversation_id: 'nowhere' }, call),
      ).rejects.toThrow(NotFound);
    });
  });

  describe('searching', () => {
    beforeEach(async () => {
      await knowledge.ingest(booking, call);
      await knowledge.ingest(weather, call);
    });

    it('finds the passage that says most of the query, with all that is known of it', async () => {
      const { results, total, metadata } = await search('Is there wind and rain in Chicago?');
      expect(results[0]).toMatchObject({
        chunk_id: 'weather#2',
        conversation_id: 'weather',
        author_name: 'Bo',
        author_type: 'assistant',
        timestamp: null,
        metadata: { scenario_title: 'Weather_1', position: 2, url: null },
      });
      expect(total).toBe(results.length);
      expect(metadata).toEqual({ ranking: 'full-text', notices: [] });
      for (const { score } of results) expect(score).toBeGreaterThan(0);
      expect(results[0]?.score).toBeLessThanOrEqual(1);
      expect(results.map(({ score }) => score)).toEqual(
        results.map(({ score }) => score).toSorted((a, b) => b - a),
      );
    });

    it('says less where it is not wanted', async () => {
      const { results } = await knowledge.search({ query: 'wind', top_k: 1, include_metadata: false }, call);
      expect(results[0]).not.toHaveProperty('metadata');
    });

    it.each([
      ['another form of a word', 'raining', 'weather#2'],
      ['no accents', 'jose', 'booking#1'],
      ['another way to write a number', '(408) 247 8880', 'booking#4'],
      ['a word of the title', 'restaurants', 'booking#1'],
    ])('finds by %s', async (_, query, chunk) => {
      expect((await found(query))[0]).toBe(chunk);
    });

    it('prefers the conversation that is about all of it', async () => {
      await knowledge.ingest(
        { conversation_id: 'other', messages: [{ text: 'Their phone number is 212-555-0100.' }] },
        call,
      );
      expect((await found('phone number of Sino'))[0]).toMatch(/^booking#/);
    });

    it('gives each conversation a place before any has a second', async () => {
      const two = await found('a table at Sino, or rain in Chicago', {}, 2);
      expect(new Set(two.map((id) => id.split('#')[0]))).toEqual(new Set(['booking', 'weather']));
      expect((await found('their phone number', {}, 10)).toSorted()).toEqual(['booking#3', 'booking#4']);
    });

    it.each([
      ['an author', { author_name: 'Bo' }, ['booking#4']],
      ['the kind of author', { author_type: 'human' }, ['booking#3']],
      ['a scenario', { scenario_title: 'Weather_1' }, []],
      ['a first day', { date_from: '2026-03-02' }, ['booking#3', 'booking#4']],
      ['a last day, whole', { date_to: '2026-03-02' }, ['booking#3', 'booking#4']],
      ['a last day that is too early', { date_to: '2026-03-01' }, []],
      ['a moment', { date_to: '2026-03-02T09:00:00Z' }, ['booking#3']],
      ['an author and a moment', { author_name: 'Ann', date_from: '2026-03-02T09:00:30Z' }, []],
      [
        'null, which is no filter',
        { author_name: null, date_from: null, min_score: null },
        ['booking#3', 'booking#4'],
      ],
    ])('filters by %s', async (_, filters, chunks) => {
      expect((await found('their phone number', filters)).toSorted()).toEqual(chunks);
    });

    it('counts what has no time of its own by when it was ingested', async () => {
      expect(await found('Chicago', { date_from: '2026-03-02' })).toHaveLength(2);
      expect(await found('Chicago', { date_to: '2020-01-01' })).toEqual([]);
    });

    it('filters by the score that it shows', async () => {
      const all = (await search('phone number of a restaurant in Chicago')).results;
      const scores = all.map(({ score }) => score);
      const middle = scores[1] ?? 0;
      const above = (await search('phone number of a restaurant in Chicago', { min_score: middle })).results;
      expect(above.map(({ score }) => score)).toEqual(scores.filter((score) => score >= middle));
      expect(await found('phone', { min_score: 1 })).toEqual([]);
    });

    it.each([
      ['stop words alone', 'what is the'],
      ['signs alone', "?!'; -- \0"],
      ['words that nobody said', 'zeppelin'],
    ])('finds nothing for %s', async (_, query) => {
      expect(await search(query)).toEqual({
        results: [],
        total: 0,
        metadata: { ranking: 'full-text', notices: [] },
      });
    });

    it('takes the longest query', async () => {
      expect(await found(`${'wind '.repeat(10)}${'a1b2 '.repeat(780)}`)).toEqual(['weather#2']);
    });

    it('refuses a day that does not exist', async () => {
      await expect(search('wind', { date_from: '2026-02-30' })).rejects.toThrow(InvalidInput);
    });
  });

  it('finds nothing where nothing is stored', async () => {
    expect(await found('anything')).toEqual([]);
    expect(await knowledge.list({ skip: 0, limit: 20 })).toEqual({
      conversations: [],
      total: 0,
      skip: 0,
      limit: 20,
    });
  });

  describe('asking, without a language model', () => {
    beforeEach(async () => {
      await knowledge.ingest(booking, call);
      await knowledge.ingest(weather, call);
    });

    it('quotes the sentence that answers, cites its source and says that it only quotes', async () => {
      const { answer, sources, confidence, metadata } = await knowledge.ask(
        { query: 'What is the phone number of Sino?', top_k: 5 },
        call,
      );
      const cited = Number(/"Their phone number is 408-247-8880\." \[Source (\d)\]/.exec(answer)?.[1]);
      expect(sources[cited - 1]).toMatchObject({
        chunk_id: 'booking#4',
        conversation_id: 'booking',
        author_name: 'Bo',
      });
      expect(answer).toMatch(/^Quoted from the conversations, without a language model: "Their phone/);
      expect(confidence).toBe(Math.max(...sources.map(({ score }) => score)));
      expect(metadata).toEqual({
        answered_by: 'extractive',
        model: null,
        extractive: true,
        ranking: 'full-text',
        notices: [],
      });
    });

    it('keeps to a conversation', async () => {
      const { sources } = await knowledge.ask(
        { query: 'Chicago phone number', top_k: 5, conversation_id: 'weather' },
        call,
      );
      expect(new Set(sources.map(({ conversation_id }) => conversation_id))).toEqual(new Set(['weather']));
    });

    it('brings the reply with a turn that asks', async () => {
      const { sources } = await knowledge.ask({ query: 'Will Sino have a table?', top_k: 20 }, call);
      expect(sources.map(({ chunk_id }) => chunk_id)).toContain('booking#3');
      const scores = sources.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    });

    it('rests on no more passages than it may', async () => {
      expect((await knowledge.ask({ query: 'phone number of Sino', top_k: 1 }, call)).sources).toHaveLength(
        1,
      );
    });

    it('says so when it finds nothing', async () => {
      expect(await knowledge.ask({ query: 'Who flew the zeppelin?', top_k: 5 }, call)).toEqual({
        answer: 'Nothing was found in the conversations that answers this.',
        sources: [],
        confidence: 0,
        metadata: { answered_by: 'none', model: null, extractive: false, ranking: 'full-text', notices: [] },
      });
    });

    it('streams the sources, the answer and its end', async () => {
      const events = await Array.fromAsync(
        await knowledge.askStream({ query: 'phone number of Sino', top_k: 5 }, call),
      );
      expect(events.at(0)).toMatchObject({
        event: 'sources',
        data: { sources: expect.any(Array) as unknown[] },
      });
      expect(events.at(-1)).toMatchObject({ event: 'done', data: { metadata: { extractive: true } } });
      const said = events.map((event) => (event.event === 'token' ? event.data.text : '')).join('');
      expect(said).toBe((await knowledge.ask({ query: 'phone number of Sino', top_k: 5 }, call)).answer);
    });
  });

  describe('keeping conversations', () => {
    it.each([
      ['for 90 days', {}, ['fresh', 'old']],
      ['as long as configured', { CONVERSATION_RETENTION_DAYS: '30' }, ['fresh']],
      ['for ever', { CONVERSATION_RETENTION_DAYS: '0' }, ['ancient', 'fresh', 'old']],
    ])('%s', async (_, env, kept) => {
      await age('ancient', 91);
      await age('old', 89);
      await age('fresh', 0);
      const other = await openKnowledge(database(), { ...sealing, ...env });
      await vi.waitFor(async () => {
        const { conversations } = await knowledge.list({ skip: 0, limit: 10 });
        expect(conversations.map(({ conversation_id }) => conversation_id).toSorted()).toEqual(kept);
      });
      await other.close();
    });
  });

  describe('what somebody else made', () => {
    it('is not overwritten by who may only write, and is as it was', async () => {
      await knowledge.ingest(weather, callOf('owner', 'employee'));
      const forged = { conversation_id: 'weather', content: 'It never rains.' };
      await expect(knowledge.ingest(forged, callOf('other', 'employee'))).rejects.toMatchObject({
        code: 'CONFLICT',
      });
      expect((await knowledge.get({ conversation_id: 'weather' })).chunks[0]?.text).toMatch(/^What will/);
    });

    it('is replaced by its owner, and by who may delete it', async () => {
      const callers = [callOf('owner', 'employee'), callOf('owner', 'employee'), callOf('other', 'service')];
      for (const caller of callers) await knowledge.ingest(weather, caller);
      await expect(knowledge.ingest(weather, callOf('owner', 'employee'))).rejects.toThrow(/Somebody else/);
    });
  });

  it('keeps no secret, also not one that is longer than a passage', async () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7';
    const key = [
      '-----BEGIN PRIVATE KEY-----',
      ...Array<string>(40).fill(line),
      '-----END PRIVATE KEY-----',
    ].join('\n');
    await knowledge.ingest({ conversation_id: 'secret', content: `Here it is: ${key}` }, call);
    const stored = JSON.stringify(await knowledge.get({ conversation_id: 'secret' }));
    expect(stored).toContain('Here it is: [SECRET]');
    expect(stored).not.toContain(line);
  });

  it('refuses texts that are too long together', async () => {
    const messages = [{ text: 'a '.repeat(40_000) }, { text: 'b '.repeat(40_000) }];
    await expect(knowledge.ingest({ messages }, call)).rejects.toThrow(
      /more than 100000 characters together/,
    );
  });

  it('masks personal data before it is stored, when told to', async () => {
    const masking = await openKnowledge(database(), {
      ...sealing,
      PII_ANONYMIZE: 'true',
    });
    const messages = [{ text: 'Write to ann.lee@example.com', author_name: 'ann.lee@example.com' }];
    const { metadata } = await masking
      .get(KnowledgeService)
      .ingest({ conversation_id: 'masked', messages }, call);
    expect(metadata.pii_masked).toBe(true);
    expect((await knowledge.get({ conversation_id: 'masked' })).chunks[0]).toMatchObject({
      text: 'Write to [EMAIL]',
      author_name: '[EMAIL]',
    });
    await masking.close();
  });
});
