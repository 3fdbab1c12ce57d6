import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processorTime, useKeyspace } from '#testing';
import { globFits, literalGlob, valkeyGlob } from './glob.ts';

describe('a pattern', () => {
  it.each([
    ['*', '', true],
    ['', 'a', false],
    ['a*c', 'abbc', true],
    ['a*c', 'abbcd', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['[a]', 'a', false],
    ['[a]', '[a]', true],
  ])('%s fits %s: %s', (pattern, text, fits) => {
    expect(globFits(pattern, text)).toBe(fits);
  });

  it('takes no time that hurts', () => {
    const time = processorTime(() => {
      expect(globFits(`${'a*'.repeat(200)}b`, 'a'.repeat(500))).toBe(false);
    });
    expect(time).toBeLessThan(1_000);
  });
});

describe('the same pattern in Valkey', () => {
  const keyspace = useKeyspace();
  const letters = fc.string({
    unit: fc.constantFrom('a', 'b', '*', '?', '[', ']', '\\', '^', '-'),
    maxLength: 6,
  });

  it('fits the same keys', async () => {
    const { client, namespace } = keyspace();
    await fc.assert(
      fc.asyncProperty(letters, letters, async (pattern, text) => {
        const key = `${namespace}:${text}`;
        await client.set(key, '1');
        const matching = (glob: string) => client.keys(`${valkeyGlob(`${namespace}:`)}${glob}`);
        expect((await matching(valkeyGlob(pattern))).includes(key)).toBe(globFits(pattern, text));
        expect(await matching(literalGlob(text))).toEqual([key]);
        await client.unlink(key);
      }),
      { numRuns: 300 },
    );
  });
});
