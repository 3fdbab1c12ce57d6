import { describe, expect, it } from 'vitest';
import { fitsHash, hashPassword, isOutdated, nobodysHash } from './password-hash.ts';

/** From the tests of the reference implementation (phc-winner-argon2, src/test.c): 64 MiB, two passes, one lane. */
const REFERENCE = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

describe('a hash of a password', () => {
  it('fits that password alone, and never looks the same twice', async () => {
    const [hash, again] = [await hashPassword('a long walk'), await hashPassword('a long walk')];
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(again).not.toBe(hash);
    expect(await fitsHash('a long walk', hash)).toBe(true);
    expect(await fitsHash('a long walk ', hash)).toBe(false);
    expect(await fitsHash('', hash)).toBe(false);
  });

  it('is what the reference implementation makes, and its parameters may be others than today', async () => {
    expect(await fitsHash('password', REFERENCE)).toBe(true);
    expect(await fitsHash('Password', REFERENCE)).toBe(false);
    expect([isOutdated(REFERENCE), isOutdated(await hashPassword('a'))]).toEqual([true, false]);
  });

  it('does not depend on how a keyboard composes letters', async () => {
    expect(await fitsHash('cafe\u0301 au lait', await hashPassword('caf\u00e9 au lait'))).toBe(true);
  });

  it.each([
    '',
    'password',
    REFERENCE.replace('argon2id', 'argon2i'),
    REFERENCE.slice(0, -30),
    `${REFERENCE}$x`,
  ])('that is none fits nothing: %s', async (hash) => expect(await fitsHash('password', hash)).toBe(false));

  it('of nobody fits nothing', async () => {
    expect(await fitsHash('', nobodysHash)).toBe(false);
    expect(isOutdated(nobodysHash)).toBe(false);
  });
});
