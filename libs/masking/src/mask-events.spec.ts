import { describe, expect, it } from 'vitest';
import { maskEvents } from './mask-events.ts';
import { secretsOnly } from './masking.ts';

const KEY = `gk_${'a1B2'.repeat(10)}`;

async function masked(parts: readonly unknown[], failure?: Error): Promise<unknown[]> {
  async function* source(): AsyncGenerator {
    yield* parts;
    if (failure) throw failure;
  }
  const out: unknown[] = [];
  try {
    for await (const part of maskEvents(source(), secretsOnly)) out.push(part);
  } catch (error) {
    out.push(error);
  }
  return out;
}

const token = (text: string): object => ({ event: 'token', data: { text } });

describe('a stream of events', () => {
  it('has a secret masked that its events cut in pieces', async () => {
    const pieces = ['Your new ', 'key is gk', '_a1B2a1', KEY.slice(10), ' and that ', 'is it.'];
    const out = (await masked(pieces.map(token))) as { data: { text: string } }[];
    expect(out.map(({ data }) => data.text).join('')).toBe('Your new key is [SECRET] and that is it.');
  });

  it('says all of a text before the event that follows it', async () => {
    const out = await masked([
      { event: 'sources', data: { sources: [KEY] } },
      token('one two '),
      token('three'),
      { event: 'done', data: {} },
    ]);
    expect(out).toEqual([
      { event: 'sources', data: { sources: ['[SECRET]'] } },
      token('one '),
      token('two three'),
      { event: 'done', data: {} },
    ]);
  });

  it('keeps the texts of two names apart', async () => {
    const out = await masked([token('a b gk_'), { event: 'thought', data: KEY.slice(3) }, token('c')]);
    expect(out).toEqual([token('a '), token('b gk_'), { event: 'thought', data: KEY.slice(3) }, token('c')]);
  });

  it('masks pieces of bare text', async () => {
    expect((await masked(['x gk_', KEY.slice(3), ' y'])).join('')).toBe('x [SECRET] y');
  });

  it('says what was said before a failure, and fails', async () => {
    const failure = new Error('gone');
    expect(await masked([token('one two')], failure)).toEqual([token('one two'), failure]);
  });

  it('ends its source when its reader goes away', async () => {
    let ended = false;
    async function* source(): AsyncGenerator {
      try {
        for (;;) yield token('a b c d e ');
      } finally {
        ended = true;
      }
    }
    for await (const _ of maskEvents(source(), secretsOnly)) break;
    expect(ended).toBe(true);
  });
});
