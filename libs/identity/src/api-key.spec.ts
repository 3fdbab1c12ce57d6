import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formOf, mintKey } from './api-key.ts';

const ALPHABET = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
const minted = fc.constant(null).map(mintKey);
const place = fc.nat({ max: mintKey().length - 1 });
const swap = (key: string, at: number, character: string) => key.slice(0, at) + character + key.slice(at + 1);

describe('an API key', () => {
  it('has one shape, whatever its value', () => {
    fc.assert(
      fc.property(minted, (key) => /^gk_[0-9A-Za-z]{39}$/.test(key) && formOf(key) === 'well-formed'),
    );
  });

  it('is never made twice, and spreads over the alphabet', () => {
    const keys = Array.from({ length: 2000 }, mintKey);
    expect(new Set(keys).size).toBe(keys.length);
    for (const at of [10, 20, 35]) expect(new Set(keys.map((key) => key[at])).size).toBe(62);
  });

  it('is mistyped after the change of any one character within the alphabet', () => {
    fc.assert(
      fc.property(minted, place, fc.constantFrom(...ALPHABET), (key, at, character) => {
        fc.pre(key[at] !== character);
        expect(formOf(swap(key, at, character))).toBe(at < 3 ? 'foreign' : 'mistyped');
      }),
      { numRuns: 2000 },
    );
  });

  it('is mistyped after two neighbours have changed places', () => {
    fc.assert(
      fc.property(minted, fc.integer({ min: 3, max: 40 }), (key, at) => {
        fc.pre(key[at] !== key[at + 1]);
        const swapped = key.slice(0, at) + key.charAt(at + 1) + key.charAt(at) + key.slice(at + 2);
        expect(formOf(swapped)).toBe('mistyped');
      }),
    );
  });

  it('is foreign with a character of any other alphabet', () => {
    const others = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((unit) => !/^[0-9A-Za-z]$/.test(unit));
    fc.assert(
      fc.property(minted, fc.integer({ min: 3, max: 41 }), others, (key, at, character) => {
        expect(formOf(swap(key, at, character))).toBe('foreign');
      }),
    );
  });

  it('is foreign when it is cut or grows', () => {
    fc.assert(fc.property(minted, place, (key, length) => formOf(key.slice(0, length)) === 'foreign'));
    fc.assert(
      fc.property(minted, fc.string({ minLength: 1 }), (key, more) => formOf(key + more) === 'foreign'),
    );
  });

  it('is nothing else', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => formOf(text) === 'foreign'));
    expect(formOf(mintKey() + '\n')).toBe('foreign');
  });
});
