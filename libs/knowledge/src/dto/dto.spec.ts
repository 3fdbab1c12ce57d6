import { describe, expect, it } from 'vitest';
import { Call, type Operation } from '#call';
import { InvalidInput } from '#errors';
import { InputValidation, schemaOf } from '#validation';
import { operations } from '../operations.ts';

const inputs = new InputValidation();

function check(operation: Operation, input: unknown): unknown {
  const call = new Call({ door: 'rest', address: '127.0.0.1', authorization: undefined });
  call.operation = operation;
  call.input = input;
  inputs.check(call);
  return call.input;
}

const messages = [{ text: 'Hello' }];

describe('what the knowledge base takes', () => {
  it.each([
    ['messages', operations.ingest, { messages }],
    ['messages and an id', operations.ingest, { conversation_id: 'a/b c', messages, content: null }],
    ['an id and a content', operations.ingest, { conversation_id: 'é', content: 'x'.repeat(100_000) }],
    [
      'all there is',
      operations.ingest,
      {
        conversation_id: null,
        messages: [
          { text: 'a\nb', author_name: 'Ann', author_type: null, timestamp: '2026-01-01T10:00:00.5+02:00' },
        ],
        scenario_title: 'Restaurants_2',
        original_title: null,
        url: 'https://example.com/?q=1#2',
      },
    ],
    ['a query', operations.search, { query: 'rain', filters: { date_from: '2026-01-01', min_score: 0.5 } }],
    ['a question', operations.ask, { query: 'rain?', top_k: 20, conversation_id: 'a' }],
  ])('is %s', (_, operation, input) => {
    expect(check(operation, input)).toMatchObject(input);
  });

  it('has defaults', () => {
    expect(check(operations.search, { query: 'rain' })).toEqual({
      query: 'rain',
      top_k: 10,
      include_metadata: true,
    });
    expect(check(operations.ask, { query: 'rain' })).toEqual({ query: 'rain', top_k: 5 });
    expect(check(operations.list, {})).toEqual({ skip: 0, limit: 20 });
  });

  it.each([
    ['nothing', operations.ingest, {}],
    ['messages and a content', operations.ingest, { conversation_id: 'a', messages, content: 'x' }],
    ['a content without an id', operations.ingest, { content: 'x' }],
    ['no messages', operations.ingest, { messages: [] }],
    ['too many messages', operations.ingest, { messages: Array.from({ length: 1_001 }, () => messages[0]) }],
    ['an empty text', operations.ingest, { messages: [{ text: '' }] }],
    ['an empty content', operations.ingest, { conversation_id: 'a', content: '' }],
    ['a content that is too long', operations.ingest, { conversation_id: 'a', content: 'x'.repeat(100_001) }],
    ['an empty id', operations.ingest, { conversation_id: '', messages }],
    ['a long id', operations.get, { conversation_id: 'x'.repeat(256) }],
    ['an id with U+0000', operations.delete, { conversation_id: 'a\0' }],
    ['a script as a URL', operations.ingest, { messages, url: 'javascript:alert(1)' }],
    ['a file as a URL', operations.ingest, { messages, url: 'file:///etc/passwd' }],
    ['a time that is none', operations.ingest, { messages: [{ text: 'a', timestamp: 'yesterday' }] }],
    ['an unknown property', operations.ingest, { messages, author: 'Ann' }],
    ['a blank query', operations.search, { query: ' \n' }],
    ['a long query', operations.ask, { query: 'x'.repeat(4_001) }],
    ['no results', operations.search, { query: 'rain', top_k: 0 }],
    ['too many results', operations.search, { query: 'rain', top_k: 101 }],
    ['too many sources', operations.ask, { query: 'rain', top_k: 21 }],
    ['a score above 1', operations.search, { query: 'rain', filters: { min_score: 1.1 } }],
    ['an unknown filter', operations.search, { query: 'rain', filters: { author: 'Ann' } }],
    ['a page before the first', operations.list, { skip: -1 }],
    ['a page that is too long', operations.list, { limit: 101 }],
  ])('is not %s', (_, operation, input) => {
    expect(() => check(operation, input)).toThrow(InvalidInput);
  });

  it.each(Object.values(operations))(
    'is told to language models without a choice at the top: $name',
    ({ input }) => {
      expect(schemaOf(input)).toMatchObject({ type: 'object' });
      for (const keyword of ['oneOf', 'anyOf', 'allOf']) expect(schemaOf(input)).not.toHaveProperty(keyword);
    },
  );
});
