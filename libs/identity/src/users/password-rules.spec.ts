import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '#errors';
import { requireGoodPassword } from './password-rules.ts';

const refuses = (password: string, name = 'ana') =>
  expect(() => requireGoodPassword(password, name)).toThrow(InvalidInput);

describe('a password', () => {
  it.each([
    'Password1234',
    'P@ssw0rd!!!!',
    'passwordpassword',
    'correcthorsebatterystaple',
    'administrator1',
    'qwertyuiop12',
    '123456789012',
    '098765432109',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    'dragondragon',
    'Change.Me.Now!',
    'changemenow99',
  ])('that everybody tries first is refused: %s', (password) => refuses(password));

  it('that is the name is refused', () => {
    refuses('Margarethe van Dyk', 'margarethe van dyk');
    refuses('margarethe1234', 'Margarethe');
  });

  it('has 12 to 128 characters, however many bytes they take', () => {
    refuses('elevenchars');
    refuses('x8'.repeat(65));
    expect(() => requireGoodPassword('🦆🐢🐝🦊🐘🦉🐍🦎🐬🦈🐙🦀', 'ana')).not.toThrow();
    refuses('🦆🐢🐝🦊🐘🦉');
  });

  it('may be made of anything, and is never repeated in an error', () => {
    for (const good of [
      'a long walk by the river',
      'nomixedcasenodigits',
      '84726394817203',
      'Пароль-у-реки',
      'tr0ub4dor&3xyz',
    ])
      expect(() => requireGoodPassword(good, 'ana')).not.toThrow();
    fc.assert(
      fc.property(fc.string({ minLength: 5, maxLength: 140 }), (password) => {
        try {
          requireGoodPassword(password, 'ana');
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
          const { message, details } = error as InvalidInput;
          if (!'must have 12 to 128 characters is one of those that everybody tries first'.includes(password))
            expect(JSON.stringify([message, details])).not.toContain(password);
        }
      }),
    );
  });
});
