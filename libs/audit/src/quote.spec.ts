import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote } from './quote.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }),
);

describe('a quoted text', () => {
  it('is one line of printable ASCII, whatever the text is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(quote(text, 1000)).toMatch(/^"[\x20-\x7e]*"$/);
      }),
    );
  });

  it('says the same text, but for NUL and half surrogates', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const expected = text.slice(0, 1000).toWellFormed().replaceAll('\0', '\ufffd');
        expect(JSON.parse(quote(text, 1000))).toBe(expected);
      }),
    );
  });

  it('is cut where it is too long', () => {
    expect(quote('x'.repeat(300), 256)).toBe(`"${'x'.repeat(256)}"`);
  });
});
