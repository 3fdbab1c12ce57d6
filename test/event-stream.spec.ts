import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { databases } from '#testing';
import { StreamController, StreamModule, type Streamed } from './fixtures/stream.module.ts';
import { ADMIN_KEY, useGateway } from './support/gateway.ts';

const TIMEOUT_MS = 1_000;

interface Event {
  event: string;
  data: Record<string, unknown>;
}

describe.each(databases)('an answer that comes bit by bit, on $name', (kind) => {
  const gateway = useGateway(kind);

  it('brings the sources first, then the answer, then how it came about', async () => {
    const messages = [{ text: 'Where is my parcel?' }, { text: 'It waits at the post office in Porto.' }];
    await gateway().client.rest('/conversations/ingest', { body: { conversation_id: 'c-1', messages } });
    const answer = await gateway().client.rest('/rag/ask-stream', {
      body: { query: 'Where is the parcel?' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-ratelimit-limit')).toBe('100');
    expect(await gateway().recordOf(answer)).toMatchObject({
      operation: 'rag.ask-stream',
      result: 'allowed',
    });

    const events = eventsIn(answer.body as string);
    const names = events.map(({ event }) => event);
    expect([names[0], names.at(-1), ...new Set(names.slice(1, -1))]).toEqual(['sources', 'done', 'token']);
    expect(events[0]!.data).toMatchObject({
      sources: [{ conversation_id: 'c-1', score: expect.any(Number) }],
    });
    expect(answerIn(events)).toContain('[Source 1]');
    expect(events.at(-1)!.data).toMatchObject({
      confidence: expect.any(Number),
      metadata: { extractive: true },
    });
  });

  it('says so, where nothing is found', async () => {
    const { body } = await gateway().client.rest('/rag/ask-stream', { body: { query: 'xylophone' } });
    const events = eventsIn(body as string);
    expect([events[0]!.event, events.at(-1)!.event]).toEqual(['sources', 'done']);
    expect(events[0]!.data).toEqual({ sources: [] });
    expect(answerIn(events)).toMatch(/^Nothing was found/);
  });

  it('is an error like any other, until it begins', async () => {
    const body = { query: 'parcel', conversation_id: 'nobody' };
    const answer = await gateway().client.rest('/rag/ask-stream', { body });
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });
});

describe('a stream of events', () => {
  const gateway = useGateway(databases[0]!, {
    features: [StreamModule],
    env: { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS) },
  });

  async function begin(
    course: Record<string, unknown>,
  ): Promise<{ response: Response; stream: Streamed; leave: () => void }> {
    const controller = new AbortController();
    const response = await fetch(new URL('/stream', gateway().client.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(course),
      signal: controller.signal,
    });
    const stream = gateway().gateway.app.get(StreamController).streams.at(-1)!;
    return { response, stream, leave: () => controller.abort() };
  }

  it('may go on for longer than REQUEST_TIMEOUT_MS', async () => {
    const { response } = await begin({ events: 15, milliseconds: 100 });
    expect(eventsIn(await response.text())).toHaveLength(15);
  });

  it('comes as it is made, and ends when its client leaves in the middle', async () => {
    const { response, stream, leave } = await begin({ events: 100_000, milliseconds: 20 });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('event: piece');
    expect(stream.ended).toBe(false);
    leave();
    await expect.poll(() => stream).toMatchObject({ ended: true, call: { signal: { aborted: true } } });
    expect(stream.events).toBeLessThan(100);
    const { headers } = response;
    expect(await gateway().recordOf({ status: 200, headers, body: '' })).toMatchObject({
      operation: 'stream',
      result: 'allowed',
    });
  });

  it('says that it is alive while there is nothing to say', async () => {
    const { response } = await begin({ events: 1, milliseconds: 2.5 * TIMEOUT_MS });
    const body = await response.text();
    expect(body.split('\n\n').filter((block) => block === ': still here').length).toBeGreaterThan(2);
    expect(eventsIn(body)).toHaveLength(1);
  });

  it('waits for a client that does not read, and not for ever', async () => {
    const { stream } = await begin({ events: 100_000, milliseconds: 0, characters: 100_000 });
    await expect.poll(() => stream.ended, { timeout: 10 * TIMEOUT_MS }).toBe(true);
    expect(stream.events).toBeLessThan(1_000);
  });

  it('ends with an error that tells nothing internal, when it fails under way', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    const { response } = await begin({ events: 2, milliseconds: 0, fails: true });
    const id = response.headers.get('x-correlation-id');
    const events = eventsIn(await response.text());
    expect(events.map(({ event }) => event)).toEqual(['piece', 'piece', 'error']);
    expect(events.at(-1)!.data).toEqual({
      code: 'INTERNAL',
      error: 'Something went wrong on our side',
      correlation_id: id,
    });
    expect(logged).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ correlation_id: id }));
    expect(logged.mock.calls[0]![0]).toHaveProperty(
      'err.cause.message',
      expect.stringContaining('"secrets"'),
    );
    logged.mockRestore();
  });
});

function eventsIn(body: string): Event[] {
  return body
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block)!;
      return { event: event!, data: JSON.parse(data!) as Event['data'] };
    });
}

function answerIn(events: readonly Event[]): string {
  return events.flatMap(({ event, data }) => (event === 'token' ? [data['text'] as string] : [])).join('');
}
