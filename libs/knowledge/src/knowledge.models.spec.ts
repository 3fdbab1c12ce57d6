import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '#config';
import { databases, useDatabase } from '#testing';
import { ExtractiveAnswers } from './answers/extractive.answers.ts';
import { knowledgeConfig } from './knowledge.config.ts';
import { answersOf, embeddingsOf } from './knowledge.module.ts';
import { KnowledgeService } from './knowledge.service.ts';
import { breaksAfter, embedsBy, ModelServer, refuses, streams, type Reply } from './testing/model-server.ts';
import { callOfAnn as call, openKnowledge } from './testing/open-knowledge.ts';

/** "wet" means the like of "rain", and "bright" of "sun". */
const meanings: Reply = (response, { body }) => {
  const data = (body['input'] as string[]).map((text) => ({
    embedding: [/rain|wet/.test(text) ? 1 : 0, /sun|bright/.test(text) ? 1 : 0, 0.01],
  }));
  response.end(JSON.stringify({ data }));
};
const said = (...words: string[]) =>
  words.map((text) => ({ type: 'content_block_delta', delta: { type: 'text_delta', text } }));

const embedding = () => ({ EMBEDDINGS_URL: model.url, EMBEDDINGS_MODEL: 'm1' });
const language = () => ({
  ANTHROPIC_API_KEY: 'sk-secret',
  ANTHROPIC_MODEL: 'm1',
  ANTHROPIC_BASE_URL: model.url,
});
const configOf = (env: Record<string, string>) => readConfig(knowledgeConfig, env);

const chosen = (env: Record<string, string>) =>
  answersOf(configOf(env), Object.create(ExtractiveAnswers.prototype) as ExtractiveAnswers);

let model: ModelServer;
beforeAll(async () => {
  model = await ModelServer.start();
});
afterAll(() => model[Symbol.asyncDispose]());

describe.each(databases)('the knowledge base with models on $name', (kind) => {
  const database = useDatabase(kind);
  let app: INestApplicationContext;
  let knowledge: KnowledgeService;

  const start = async (env: Record<string, string>) => {
    app = await openKnowledge(database(), env);
    knowledge = app.get(KnowledgeService);
  };
  const search = (query: string, filters = {}) =>
    knowledge.search({ query, top_k: 10, filters, include_metadata: false }, call);
  const ingestAll = async () => {
    await knowledge.ingest(
      { conversation_id: 'wet', messages: [{ text: 'It will rain', author_name: 'Ann' }] },
      call,
    );
    await knowledge.ingest(
      { conversation_id: 'dry', messages: [{ text: 'The sun shines', author_name: 'Bo' }] },
      call,
    );
  };
  const chunks = ({ results }: Awaited<ReturnType<typeof search>>) => results.map(({ chunk_id }) => chunk_id);

  afterEach(async () => {
    await app.close();
    await database().kysely.deleteFrom('conversations').execute();
  });

  describe('of embeddings', () => {
    beforeEach(() => model.reply(meanings));

    it('finds by meaning what shares no word with the query, where pgvector is', async () => {
      await start(embedding());
      await ingestAll();
      const found = await search('wet weather');
      expect(chunks(found)[0]).toBe(database().vectors ? 'wet#1' : undefined);
      expect(found.metadata.ranking).toBe(database().vectors ? 'full-text and vectors' : 'full-text');
      for (const { score } of found.results) expect(score).toBeLessThanOrEqual(1);
    });

    it('finds by words and meaning together', async () => {
      await start(embedding());
      await ingestAll();
      const found = await search('bright sun');
      expect(chunks(found)[0]).toBe('dry#1');
      const { score } = found.results[0] ?? { score: 0 };
      expect(chunks(await search('bright sun', { min_score: score }))).toEqual(['dry#1']);
      expect(chunks(await search('bright sun', { author_name: 'Ann' }))).toEqual(
        database().vectors ? ['wet#1'] : [],
      );
    });

    it('says what became of the vectors', async () => {
      await start(embedding());
      const { metadata } = await knowledge.ingest({ messages: [{ text: 'rain' }] }, call);
      expect(metadata.vectors).toBe(database().vectors ? 'stored' : 'none');
      expect(model.calls.length > 0).toBe(database().vectors);
    });

    it('stores and searches without the model, and makes up for it as soon as it answers', async () => {
      model.reply(refuses(401));
      await start(embedding());
      const { metadata } = await knowledge.ingest({ conversation_id: 'wet', content: 'It will rain' }, call);
      expect(metadata.vectors).toBe(database().vectors ? 'pending' : 'none');
      const found = await search('rain');
      expect(chunks(found)).toEqual(['wet#1']);
      expect(found.metadata).toEqual({
        ranking: 'full-text',
        notices: database().vectors ? ['the embedding model is not available'] : [],
      });

      await app.close();
      model.reply(meanings);
      await start(embedding());
      await vi.waitFor(async () =>
        expect(chunks(await search('wet'))).toEqual(database().vectors ? ['wet#1'] : []),
      );
    });

    it('does not wait for a model that has just failed', async () => {
      await start(embedding());
      await ingestAll();
      model.reply(refuses(401));
      await search('rain');
      const calls = model.calls.length;
      expect((await search('rain')).results).toHaveLength(1);
      expect(model.calls).toHaveLength(calls);
    });

    it('makes new vectors for another model', async () => {
      await start(embedding());
      await ingestAll();
      await app.close();
      model.reply(embedsBy(['shines', 'will', 'wet', 'bright', 'gloomy']));
      await start({ ...embedding(), EMBEDDINGS_MODEL: 'm2' });
      await vi.waitFor(async () =>
        expect((await search('gloomy')).results).toHaveLength(database().vectors ? 2 : 0),
      );
    });

    it('forgets the vectors with the conversation', async () => {
      await start(embedding());
      await ingestAll();
      await knowledge.delete({ conversation_id: 'wet' });
      expect(chunks(await search('wet'))).toEqual(database().vectors ? ['dry#1'] : []);
    });
  });

  describe('of language', () => {
    const question = { query: 'Will it rain?', top_k: 5 };
    const fallback = 'the language model did not answer, so this is quoted from the sources';

    beforeEach(async () => {
      model.reply(streams(said('Yes ', '[Source 1].')));
      await start(language());
      await ingestAll();
    });

    it('answers in the words of the model', async () => {
      expect(await knowledge.ask(question, call)).toMatchObject({
        answer: 'Yes [Source 1].',
        sources: [{ chunk_id: 'wet#1', text: 'It will rain' }],
        metadata: { answered_by: 'anthropic', model: 'm1', extractive: false, notices: [] },
      });
    });

    it('streams the words of the model', async () => {
      const events = await Array.fromAsync(await knowledge.askStream(question, call));
      expect(events.map(({ event }) => event)).toEqual(['sources', 'token', 'token', 'done']);
      expect(events[1]).toEqual({ event: 'token', data: { text: 'Yes ' } });
    });

    it('does not ask the model about nothing', async () => {
      const { confidence } = await knowledge.ask({ query: 'zeppelin', top_k: 5 }, call);
      expect(confidence).toBe(0);
      expect(model.calls).toEqual([]);
    });

    it.each([
      ['refuses', refuses(500)],
      ['says nothing', streams([])],
      ['breaks off', breaksAfter(said('Yes'))],
    ])('quotes the sources when the model %s', async (_, reply) => {
      model.reply(reply);
      expect(await knowledge.ask(question, call)).toMatchObject({
        answer: 'Quoted from the conversations, without a language model: "It will rain" [Source 1]',
        metadata: { answered_by: 'extractive', model: null, extractive: true, notices: [fallback] },
      });
    });

    it('streams quotes when the model refuses, and an error when it breaks off', async () => {
      model.reply(refuses(500));
      const quoted = await Array.fromAsync(await knowledge.askStream(question, call));
      expect(quoted.at(-1)).toMatchObject({
        event: 'done',
        data: { metadata: { extractive: true, notices: [fallback] } },
      });
      model.reply(breaksAfter(said('Yes')));
      const broken = await Array.fromAsync(await knowledge.askStream(question, call));
      expect(broken.at(-1)).toEqual({
        event: 'error',
        data: { code: 'UPSTREAM_FAILED', message: 'The language model stopped in mid-answer' },
      });
    });
  });
});

describe('which models there are', () => {
  const inClear = { encryptAtRest: false };

  it('makes no vectors in clear beside sealed texts, unless that is said', () => {
    const env = { EMBEDDINGS_URL: 'http://127.0.0.1:1/v1' };
    expect(() => embeddingsOf(configOf(env), { encryptAtRest: true })).toThrow(
      'ENCRYPT_AT_REST=true and EMBEDDINGS_URL contradict each other',
    );
    const wanted = configOf({ ...env, VECTORS_IN_CLEAR: 'true' });
    expect(embeddingsOf(wanted, { encryptAtRest: true }).model).toBeDefined();
  });

  it.each([
    ['none without a key', {}, ExtractiveAnswers.name],
    ['Anthropic first', { ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'b' }, 'AnthropicAnswers'],
    ['OpenAI, if it has the only key', { OPENAI_API_KEY: 'b' }, 'OpenAiAnswers'],
    [
      'the one that is named',
      { ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'b', ANSWERS_FROM: 'openai' },
      'OpenAiAnswers',
    ],
    [
      'none, if that is named',
      { ANTHROPIC_API_KEY: 'a', ANSWERS_FROM: 'extractive' },
      ExtractiveAnswers.name,
    ],
  ])('%s', (_, env, name) => {
    expect(chosen(env as Record<string, string>).constructor.name).toBe(name);
  });

  it('refuses one that is named and has no key', () => {
    expect(() => chosen({ ANSWERS_FROM: 'openai' })).toThrow('ANSWERS_FROM=openai needs OPENAI_API_KEY');
  });

  it('shows a key to nobody but whom it is for', async () => {
    model.reply(embedsBy([]));
    const env = { EMBEDDINGS_URL: `${model.url}/v1`, OPENAI_API_KEY: 'sk-openai' };
    await embeddingsOf(configOf(env), inClear).embed(['a']);
    await embeddingsOf(configOf({ ...env, OPENAI_BASE_URL: model.url }), inClear).embed(['a']);
    await embeddingsOf(configOf({ ...env, EMBEDDINGS_API_KEY: 'sk-own' }), inClear).embed(['a']);
    expect(model.calls.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer sk-openai',
      'Bearer sk-own',
    ]);
  });
});
