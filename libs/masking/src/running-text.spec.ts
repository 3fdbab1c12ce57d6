import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretsAndPii, secretsOnly, type Masking } from './masking.ts';
import { RunningText } from './running-text.ts';

const KEY = `gk_${'a1B2'.repeat(10)}`;
const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${'Ab1+'.repeat(16)}\n${'Cd2/'.repeat(8)}\n-----END RSA PRIVATE KEY-----`;

function streamed(pieces: readonly string[], masking: Masking): string {
  const running = new RunningText(masking);
  return pieces.map((piece) => running.add(piece)).join('') + running.end();
}

const words = fc.constantFrom(
  KEY,
  PEM,
  `Bearer ${KEY}`,
  'password: "correct horse"',
  'password = hunter2',
  'my password is hunter2',
  'password: correcthorse',
  'Your API key: abc123',
  'postgres://u:hunter2@db/x',
  'Cookie: a=b; c=d',
  'token',
  'secret',
  '-----BEGIN ',
  '-----END',
  'eyJ',
  'sk-',
  'jane@example.com',
  'call me at 4155552671',
  '+44 20 7493 4545',
  '408-247-8880',
  'SSN 123 45 6789',
  '4111 1111 1111 1111',
  'my number is',
  'passport no. C01234567',
  'DE89 3704 0044 0532 0130 00',
  'social security number 123456789',
  '12',
  '2024-01-15',
  '1',
  '+',
  '(',
  'hello',
  'the',
  'is',
  'at',
  'API',
  'or',
  'x',
  '😀',
  'é',
  '.',
  ',',
  '\n',
  '\n\n',
  ': ',
  '"',
  "'",
  '|',
);
const text = fc
  .array(fc.tuple(words, fc.constantFrom(' ', ' ', ' ', '', '  ', '\n', ', ')), { maxLength: 16 })
  .map((all) => all.flat().join(''));

function cut(whole: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (whole.length + 1)), whole.length].toSorted(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, i) => whole.slice(at[i], end));
}

describe('a running text', () => {
  it.each([
    ['secrets', secretsOnly],
    ['secrets and personal data', secretsAndPii],
  ])('is masked as the whole is, wherever it is cut: %s', (_, masking) => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 40 }), (whole, places) => {
        expect(streamed(cut(whole, places), masking)).toBe(masking.mask(whole));
      }),
      { numRuns: 3_000 },
    );
  });

  it('says ordinary words as they come, but for the last', () => {
    const running = new RunningText(secretsOnly);
    expect(['The ', 'quick ', 'brown ', 'fox ', 'jumps.'].map((piece) => running.add(piece))).toEqual([
      '',
      'The ',
      'quick ',
      'brown ',
      '',
    ]);
    expect(running.end()).toBe('fox jumps.');
  });

  it('does not hold more than a bound, whatever comes', () => {
    for (const piece of ['a', 'password = ', '-----BEGIN PRIVATE KEY-----a', '1 ']) {
      const running = new RunningText(secretsAndPii);
      let left = 0;
      for (let i = 0; i < 300; i++) left += running.add(piece.repeat(400 / piece.length)).length;
      expect(left).toBeGreaterThan(0);
      expect(running.end().length).toBeLessThan(25_000);
    }
  });
});
