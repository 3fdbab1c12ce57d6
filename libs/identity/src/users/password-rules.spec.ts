import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '#errors';
import { requireGoodPassword } from './password-rules.ts';

const expectRefusal = (password: string, name = 'ana') =>
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
  ])('that everybody tries first is refused: %s', (password) => expectRefusal(password));

  it('that is the name is refused', () => {
    expectRefusal('Margarethe van Dyk', 'margarethe van dyk');
    expectRefusal('margarethe1234', 'Margarethe');
  });

  it('has 12 to 128 characters, however many bytes they take', () => {
    expectRefusal('elevenchars');
    expectRefusal('x8'.repeat(65));
    expect(() => requireGoodPassword('🦆🐢🐝🦊🐘🦉🐍🦎🐬🦈🐙🦀', 'ana')).not.toThrow();
    expectRefusal('🦆🐢🐝🦊🐘🦉');
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
        const said = saidOf(password);
        expect(
          said.replaceAll(/must have 12 to 128 characters|is one of those that everybody tries first/g, ''),
        ).not.toContain(password);
      }),
    );
  });
});

/** All that a caller is told of it. */
function saidOf(password: string): string {
  try {
    requireGoodPassword(password, 'ana');
    return '';
  } catch (error) {
    const { message, details } = error as InvalidInput;
    return [message, ...(details!['faults'] as { message: string }[]).map((fault) => fault.message)].join();
  }
}
