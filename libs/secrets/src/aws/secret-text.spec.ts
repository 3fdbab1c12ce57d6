import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretFailure } from './secret-failure.ts';
import { secretText } from './secret-text.ts';

const inJson = (value: unknown) => ({ SecretString: JSON.stringify(value) });

describe('the text of a secret', () => {
  it.each([
    ['application/jwt-secret', { SecretString: ' as it is \n' }, 'as it is'],
    ['application/jwt-secret', { SecretString: '{not json' }, '{not json'],
    ['application/jwt-secret', { SecretBinary: Buffer.from('bytes that are text') }, 'bytes that are text'],
    ['application/jwt-secret', inJson({ value: 'one' }), 'one'],
    ['application/jwt-secret', inJson({ 'jwt-secret': 'two', password: 'no' }), 'two'],
    ['application/jwt-secret', inJson({ jwt_secret: 'three' }), 'three'],
    ['database/password', inJson({ username: 'me', password: 'four' }), 'four'],
    ['database/url', inJson({ url: 'postgres://me:five@db/x' }), 'postgres://me:five@db/x'],
    [
      'database/url',
      inJson({ engine: 'postgres', username: 'm/e', password: 'p@:w%', host: 'db', port: 5433, dbname: 'x' }),
      'postgres://m%2Fe:p%40%3Aw%25@db:5433/x',
    ],
  ])('of %s is found in %o', (entry, kept, text) => {
    expect(secretText(entry, kept)).toBe(text);
  });

  it.each([
    [{}, 'it is empty'],
    [{ SecretString: ' \n' }, 'it is empty'],
    [{ SecretBinary: Uint8Array.of(0xff, 0xfe, 0) }, 'it is binary and no text'],
    [{ SecretString: 'x'.repeat(65_537) }, 'it is larger than 65536 bytes'],
    [
      inJson({ other: 'x', value: 5 }),
      'it is a JSON object without a text "value", "jwt-secret" or "password"',
    ],
    [JSON.parse('{"SecretString":"{\\"__proto__\\":{\\"value\\":\\"x\\"}}"}'), /JSON object without/],
  ])('is not made up where there is none: %#', (kept: object, why) => {
    expect(() => secretText('application/jwt-secret', kept)).toThrow(why);
  });

  it('is a text or a clear failure, whatever is kept, and the failure does not quote it', () => {
    const kept = fc.oneof(
      fc.record({ SecretString: fc.string() }),
      fc.record({ SecretString: fc.json() }),
      fc.record({ SecretBinary: fc.uint8Array() }),
    );
    fc.assert(
      fc.property(fc.constantFrom('database/url', 'redis/password'), kept, (entry, one) => {
        try {
          return secretText(entry, one).length > 0;
        } catch (error) {
          return error instanceof SecretFailure && error.message.length < 100;
        }
      }),
    );
  });
});
