import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitizeHtml } from './sanitize-html.ts';

describe('sanitizeHtml', () => {
  it.each([
    ['<p>Hello <b>you</b></p>', '<p>Hello <b>you</b></p>'],
    ['<script>alert(1)</script>Hi', 'Hi'],
    ['<img src=x onerror=alert(1)>', ''],
    ['<b onclick="alert(1)" style="position:fixed">x</b>', '<b>x</b>'],
    ['<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer nofollow">x</a>'],
    ['<a href="//evil.example">x</a>', '<a rel="noopener noreferrer nofollow">x</a>'],
    [
      '<a href="https://a.example">x</a>',
      '<a href="https://a.example" rel="noopener noreferrer nofollow">x</a>',
    ],
    ['<svg><style><img src=x onerror=alert(1)></style></svg>', ''],
    ['1 < 2 & 3', '1 &lt; 2 &amp; 3'],
  ])('makes of %s', (html, safe) => expect(sanitizeHtml(html)).toBe(safe));

  it('leaves nothing to take out the second time', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '&',
      '/',
      'script',
      'b',
      'a href=',
      'javascript:',
      ' onerror=',
      '<!--',
      '-->',
      'x',
      '&lt;',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const once = sanitizeHtml(pieces.join(''));
        expect(sanitizeHtml(once)).toBe(once);
        expect(once).not.toMatch(/<script|<img/i);
      }),
      { numRuns: 300 },
    );
  });
});
