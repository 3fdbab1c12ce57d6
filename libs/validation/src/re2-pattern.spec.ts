import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { SchemaCompiler } from './schema-compiler.ts';
import { re2Pattern } from './re2-pattern.ts';

describe('re2Pattern', () => {
  it.each([
    String.raw`^[a-z]+$`,
    String.raw`^\S+(?:\s\S+)*$`,
    String.raw`[^\s]`,
    String.raw`[\S]`,
    String.raw`^[\s\S]{2}$`,
    String.raw`^.$`,
    String.raw`^[.]$`,
    String.raw`a\.b`,
    String.raw`\u00e9|\u{1f600}`,
    String.raw`[\u0041-\u0043]`,
    String.raw`^\w+\b`,
    String.raw`\d\D`,
    String.raw`^[[a]$`,
    String.raw`a\/b`,
    String.raw`(?:^|,)x(?:,|$)`,
    String.raw`\\s`,
    String.raw`^\p{Lu}`,
  ])('means what ECMA-262 means: %s', (source) => {
    const theirs = new RegExp(source, 'u');
    const ours = re2Pattern(source, 'u');
    const character = fc.constantFrom(
      ...'abcAB1 .,x/\\[]s',
      '\n',
      '\r',
      '\t',
      '\v',
      '\f',
      '\u00a0',
      '\u0085',
      '\u180e',
      '\u2028',
      '\u2029',
      '\u3000',
      '\ufeff',
      'é',
      'É',
      '日',
      '😀',
    );
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.oneof(character, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
          maxLength: 5,
        }),
        (text) => ours.test(text) === theirs.test(text),
      ),
      { numRuns: 500 },
    );
  });

  it('reads a text once, whatever the pattern', () => {
    const time = processorTime(() => {
      expect(re2Pattern('^(a+)+$', 'u').test(`${'a'.repeat(10_000)}!`)).toBe(false);
    });
    expect(time).toBeLessThan(1_000);
  });

  it.each([String.raw`(?=a)b`, String.raw`(a)\1`, '[', 'a**'])(
    'refuses %s, which it can not run in one pass',
    (source) => {
      expect(() => re2Pattern(source, 'u')).toThrow(/./);
    },
  );

  it('keeps two patterns apart', () => {
    const check = new SchemaCompiler().compile({ anyOf: [{ pattern: '^a$' }, { pattern: '^b$' }] });
    expect([check('a'), check('b'), check('c') !== undefined]).toEqual([undefined, undefined, true]);
  });
});
