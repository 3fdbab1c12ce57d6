import { describe, expect, it } from 'vitest';
import { generateCacheKey } from './generate-cache-key.ts';

describe('generateCacheKey', () => {
  it('names the source, and hides the query', () => {
    const key = generateCacheKey({ query: 'Who is Ann?', limit: 5 }, 'wiki');
    expect(key).toMatch(/^research:wiki:[0-9a-f]{64}$/);
    expect(key).toBe(generateCacheKey({ limit: 5, query: 'Who is Ann?' }, 'wiki'));
    expect(key).not.toBe(generateCacheKey({ limit: 6, query: 'Who is Ann?' }, 'wiki'));
  });

  it.each(['', 'a:b', 'a*', 'a b', 'x'.repeat(65)])('refuses a source that is named "%s"', (source) => {
    expect(() => generateCacheKey('query', source)).toThrow(TypeError);
  });
});
