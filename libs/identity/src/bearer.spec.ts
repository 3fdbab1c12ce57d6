import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processorTime } from '#testing';
import { CredentialInvalid, CredentialMissing } from '#errors';
import { bearerToken } from './bearer.ts';

describe('bearerToken', () => {
  it.each(['Bearer abc', 'bearer abc', 'BEARER abc', 'bEaReR   abc'])('reads "%s"', (header) => {
    expect(bearerToken(header)).toBe('abc');
  });

  it('reads any token of visible characters', () => {
    const visible = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit: visible, minLength: 1, maxLength: 200 }), (token) => {
        expect(bearerToken(`Bearer ${token}`)).toBe(token);
      }),
    );
  });

  it.each([undefined, ''])('misses a credential in %s', (header) => {
    expect(() => bearerToken(header)).toThrow(CredentialMissing);
  });

  it.each([
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Bearer a,\tBearer b',
    'Basic YTpi',
    'gk_abc',
    'Bearerabc',
    ' Bearer abc',
    'Bearer abc ',
    'Bearer\tabc',
    'Bearer \u00e9',
    'Bearer a\u0000b',
    'Bearer a\nb',
  ])('refuses %j', (header) => {
    expect(() => bearerToken(header)).toThrow(CredentialInvalid);
  });

  it('looks at no header of more than 8 KB', () => {
    expect(bearerToken(`Bearer ${'a'.repeat(8185)}`)).toHaveLength(8185);
    expect(() => bearerToken(`Bearer ${'a'.repeat(8186)}`)).toThrow(CredentialInvalid);
  });

  it('takes no longer for a hostile header', () => {
    const time = processorTime(() => {
      for (let round = 0; round < 1000; round++) {
        expect(() => bearerToken(`Bearer ${' '.repeat(4000)}`)).toThrow(CredentialInvalid);
      }
    });
    expect(time).toBeLessThan(2000);
  });
});
