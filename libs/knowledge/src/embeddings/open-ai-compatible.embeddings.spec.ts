import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelFailure } from '../http/model-failure.ts';
import { answers, embedsBy, ModelServer, refuses, silence, type Reply } from '../testing/model-server.ts';
import { OpenAiCompatibleEmbeddings } from './open-ai-compatible.embeddings.ts';

let server: ModelServer;
beforeAll(async () => {
  server = await ModelServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

function embeddings(options: Partial<ConstructorParameters<typeof OpenAiCompatibleEmbeddings>[0]> = {}) {
  const url = `${server.url}/v1`;
  return new OpenAiCompatibleEmbeddings({
    url,
    apiKey: { current: 'sk-secret' },
    model: 'm',
    dimensions: 0,
    timeoutMs: 2_000,
    ...options,
  });
}

const byWords = embedsBy(['rain', 'sun']);

describe('embeddings of an OpenAI-compatible server', () => {
  it('asks as the API wants it, and puts the vectors into the order of the texts', async () => {
    server.reply(byWords);
    expect(await embeddings().embed(['rain', 'sun', 'rain and sun'])).toEqual([
      [1, 0, 0.1],
      [0, 1, 0.1],
      [1, 1, 0.1],
    ]);
    expect(server.calls).toHaveLength(1);
    expect(server.calls[0]).toMatchObject({
      path: '/v1/embeddings',
      headers: { authorization: 'Bearer sk-secret', 'content-type': 'application/json' },
      body: { model: 'm', input: ['rain', 'sun', 'rain and sun'], encoding_format: 'float' },
    });
    expect(server.calls[0]?.body).not.toHaveProperty('dimensions');
  });

  it('asks for the size that is configured, and for no key where there is none', async () => {
    server.reply(byWords);
    const sized = embeddings({
      url: `${server.url}/v1/embeddings/`,
      apiKey: { current: undefined },
      dimensions: 3,
    });
    await sized.embed(['rain']);
    expect(server.calls[0]).toMatchObject({ path: '/v1/embeddings', body: { dimensions: 3 } });
    expect(server.calls[0]?.headers).not.toHaveProperty('authorization');
    expect(sized.model).toBe('m/3');
  });

  it('asks for many texts in several requests', async () => {
    server.reply(byWords);
    expect(await embeddings().embed(Array.from({ length: 150 }, () => 'sun'))).toHaveLength(150);
    expect(server.calls.map(({ body }) => (body['input'] as string[]).length)).toEqual([64, 64, 22]);
  });

  it.each([
    ['a server that is busy', refuses(429, { 'retry-after': '0' })],
    ['a server that fails', refuses(503)],
    ['a connection that breaks', ((response) => void response.destroy()) satisfies Reply],
  ])('asks again after %s', async (_, failure) => {
    server.reply(failure, failure, byWords);
    expect(await embeddings().embed(['sun'])).toEqual([[0, 1, 0.1]]);
    expect(server.calls).toHaveLength(3);
  });

  it.each([
    ['that goes on', refuses(500), 3],
    ['that is ours', refuses(401), 1],
    ['that lasts longer than anybody waits', refuses(429, { 'retry-after': '3600' }), 1],
  ])('gives up after a failure %s, and repeats nothing of it', async (_, failure, calls) => {
    server.reply(failure);
    const asked = embeddings().embed(['sun']);
    await expect(asked).rejects.toThrow(ModelFailure);
    await expect(asked).rejects.not.toThrow(/sk-secret|sun/);
    expect(server.calls).toHaveLength(calls);
  });

  it.each([
    ['too few vectors', answers({ data: [] })],
    ['no vectors', answers({ data: [{ index: 0, embedding: ['a'] }] })],
    ['a vector of zeros', answers({ data: [{ index: 0, embedding: [0, 0, 0] }] })],
    ['a vector of another size', answers({ data: [{ index: 0, embedding: [1, 2] }] })],
    ['a vector out of place', answers({ data: [{ index: 4_000_000_000, embedding: [1, 2, 3] }] })],
    ['an answer without data', answers(null)],
    ['no JSON', ((response) => void response.end('<html>')) satisfies Reply],
    ['another address', refuses(307, { location: 'http://127.0.0.1:1/' })],
    ['too much', ((response) => void response.end('x'.repeat(600_000))) satisfies Reply],
  ])('refuses %s', async (_, reply) => {
    server.reply(reply);
    await expect(embeddings({ dimensions: 3, timeoutMs: 500 }).embed(['sun'])).rejects.toThrow(ModelFailure);
  });

  it('waits no longer than it may', async () => {
    server.reply(silence);
    await expect(embeddings({ timeoutMs: 100 }).embed(['sun'])).rejects.toThrow('no answer within 100 ms');
  });

  it('stops when nobody waits any more', async () => {
    server.reply(silence);
    const nobody = AbortSignal.timeout(50);
    await expect(embeddings().embed(['sun'], nobody)).rejects.toThrow('timeout');
    expect(server.calls).toHaveLength(1);
  });
});
