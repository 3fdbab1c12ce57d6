import { describe, expect, it } from 'vitest';
import { nobodysHash } from './password-hash.ts';
import { PasswordHasher } from './password-hasher.ts';

describe('a flood of logins', () => {
  it('is refused where it does not fit, and holds up nobody who is known', async () => {
    const hasher = new PasswordHasher();
    const order: string[] = [];
    const outcomes = Array.from({ length: 40 }, async () => {
      try {
        await hasher.fits('x', nobodysHash, { known: false });
        order.push('stranger');
        return 'tried';
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    const known = hasher.fits('x', nobodysHash, { known: true }).then(() => order.push('known'));
    const ended = await Promise.all(outcomes);
    await known;
    expect(ended.filter((outcome) => outcome === 'tried')).toHaveLength(34);
    expect(ended.filter((outcome) => outcome === 'UNAVAILABLE')).toHaveLength(6);
    // It is the third to begin; on a busy machine some strangers end beside it. In line it would be the last.
    expect(order.indexOf('known')).toBeLessThan(17);
    expect(await hasher.fits('x', nobodysHash, { known: false })).toBe(false);
  });
});
