import { describe, expect, it } from 'vitest';
import { Call, RateLimited } from '#call';
import { databases, useDatabase } from '#testing';
import { Pepper } from '../pepper.ts';
import { LoginThrottle } from './login-throttle.ts';

const HOME = '192.0.2.1';
const START = Date.UTC(2026, 10, 21);
let people = 0;
const callFrom = (address: string) => new Call({ door: 'rest', address, authorization: undefined });

describe.each(databases)('guesses at a password, on $name', (kind) => {
  const database = useDatabase(kind);

  function guesser(name = `person ${++people}`) {
    const throttle = new LoginThrottle(database(), new Pepper('p'.repeat(32)));
    /** Seconds to wait, 0 for an attempt that was let through. */
    const guess = async (
      seconds: number,
      { address = '198.51.100.1', known = false } = {},
    ): Promise<number> => {
      const at = new Date(START + seconds * 1000);
      try {
        await throttle.take({ name, address, known }, callFrom(address), at);
        return 0;
      } catch (error) {
        if (error instanceof RateLimited) return (error.details as { retry_after: number }).retry_after;
        throw error;
      }
    };
    return { name, throttle, guess };
  }

  it('wait after five: a second, then two, four, up to a quarter of an hour', async () => {
    const { guess } = guesser();
    for (let n = 0; n < 5; n++) expect(await guess(0)).toBe(0);
    const waits: number[] = [];
    for (let now = 0; waits.length < 14;) {
      const wait = await guess(now);
      if (wait > 0) waits.push(wait);
      now += wait;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
  });

  it('that come all at once are as many as one after the other', async () => {
    const { guess } = guesser();
    const waits = await Promise.all(
      Array.from({ length: 40 }, (_, n) => guess(0, { address: `198.51.100.${n}` })),
    );
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
  });

  it('from everywhere hold up nobody who comes from where he has been before', async () => {
    const { guess } = guesser();
    for (let n = 0; n < 50; n++) await guess(0, { address: `198.51.100.${n}` });
    expect(await guess(0, { address: '203.0.113.9' })).toBeGreaterThan(0);
    expect(await guess(0, { address: HOME, known: true })).toBe(0);
  });

  it('at a name that nobody has are held up alike, in whatever case it is written', async () => {
    const { name } = guesser();
    for (let n = 0; n < 5; n++) await guesser(name).guess(0);
    expect(await guesser(name.toUpperCase()).guess(0)).toBe(1);
  });

  it('are forgotten where it goes well, and after an hour', async () => {
    const { guess, throttle, name } = guesser();
    const home = { address: HOME, known: true };
    for (let n = 0; n < 5; n++) await guess(0, home);
    await throttle.forgive({ name, ...home });
    for (let n = 0; n < 5; n++) expect(await guess(0, home)).toBe(0);
    expect(await guess(0, home)).toBe(1);
    expect(await guess(3600, home)).toBe(0);
    expect(await guess(3600, home)).toBe(0);
  });

  it('are not all forgotten where one goes well elsewhere: others may be guessing there', async () => {
    const { guess, throttle, name } = guesser();
    for (let n = 0; n < 7; n++) await guess(n * 100);
    await throttle.forgive({ name, address: HOME, known: false });
    expect(await guess(1000)).toBe(0);
    expect(await guess(1000)).toBeGreaterThan(1);
  });

  it('are not forgotten for one half of what is to be shown', async () => {
    const { guess, throttle, name } = guesser();
    const home = { address: HOME, known: true };
    for (let n = 0; n < 4; n++) await guess(0, home);
    expect(await guess(0, home)).toBe(0);
    await throttle.refund({ name, ...home });
    expect(await guess(1, home)).toBe(0);
    expect(await guess(1, home)).toBeGreaterThan(0);
  });

  it('leave no name and no address in the table', async () => {
    const { guess, name } = guesser();
    await guess(0, { address: HOME, known: true });
    const rows = JSON.stringify(await database().kysely.selectFrom('login_attempts').selectAll().execute());
    expect(rows).not.toContain(name);
    expect(rows).not.toContain(HOME);
  });
});
