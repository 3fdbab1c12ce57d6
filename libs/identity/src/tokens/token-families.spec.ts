import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { databases, useDatabase } from '#testing';
import { Pepper } from '../pepper.ts';
import { UserStore } from '../users/user-store.ts';
import type { User } from '../users/user.record.ts';
import { TokenFamilies } from './token-families.ts';

const HOME = '192.0.2.1';
const ELSEWHERE = '198.51.100.7';
const LIFE_MS = 100_000;
const START = Date.UTC(2026, 10, 21);

describe.each(databases)('refresh tokens on $name', (kind) => {
  const database = useDatabase(kind);
  let families: TokenFamilies;
  let user: User;

  beforeAll(async () => {
    families = new TokenFamilies(database(), new Pepper('p'.repeat(32)));
    const [id, at] = [randomUUID(), new Date(START)];
    user = { id, name: 'Ana', role: 'employee', createdAt: at, createdBy: 'x', changedAt: at } as User;
    await new UserStore(database()).insert(user, { passwordHash: 'no hash', enrolmentDigest: 'no digest' });
  });

  const begin = async () =>
    (await families.begin(user, { lifeMs: LIFE_MS, otp: false, at: new Date(START) }))!;
  const refresh = (token: string, ms: number, address = HOME) =>
    families.refresh(token, { address, at: new Date(START + ms) });

  it('are kept as digests alone', async () => {
    const { refreshToken } = await begin();
    await refresh(refreshToken, 1);
    const rows = await database().kysely.selectFrom('refresh_tokens').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(refreshToken.slice(3, 20));
  });

  it('that two show at once name one heir, which is good', async () => {
    const { refreshToken } = await begin();
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(refreshToken, 1)));
    const heirs = new Set(
      answers.map((answer) => (answer.result === 'refreshed' ? answer.refreshToken : answer.result)),
    );
    expect(heirs.size).toBe(1);
    expect((await refresh([...heirs][0]!, 2)).result).toBe('refreshed');
  });

  it('are given to nobody who was changed since he proved who he is', async () => {
    const before = { ...user, changedAt: new Date(START - 1) };
    expect(await families.begin(before, { lifeMs: LIFE_MS, otp: false })).toBeUndefined();
    expect(await families.begin({ ...user, id: 'nobody' }, { lifeMs: LIFE_MS, otp: false })).toBeUndefined();
  });

  it('nobody can make up', async () => {
    for (const token of ['', 'gr_', `gr_${'A'.repeat(43)}`, 'x'.repeat(1_000_000), 'gr_\0'])
      expect(await refresh(token, 1)).toEqual({ result: 'unknown', family: undefined });
  });

  it('are deleted with their family, once its time is over', async () => {
    const { family, refreshToken } = await begin();
    await families.deleteExpired(new Date(START + LIFE_MS - 1));
    expect(await families.get(family.id)).toBeDefined();
    await families.deleteExpired(new Date(START + LIFE_MS));
    expect(await families.get(family.id)).toBeUndefined();
    expect((await refresh(refreshToken, 1)).result).toBe('unknown');
  });

  /** The whole rule, in a few lines: what the store must say to any sequence of tokens, places and pauses. */
  it('are rotated, tolerated and refused as the model says, whatever is shown when', async () => {
    const step = fc.record({
      /** How far back from the newest token. */
      back: fc.nat({ max: 3 }),
      pause: fc.constantFrom(0, 1, 5_000, 9_999, 10_000, 40_000),
      address: fc.constantFrom(HOME, HOME, ELSEWHERE),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const chain: { token: string; used?: { at: number; address: string } }[] = [
          { token: (await begin()).refreshToken },
        ];
        const results: [is: string, expected: string][] = [];
        const shown: [given: string, heir: string][] = [];
        let [now, ended] = [0, false];
        for (const { back, pause, address } of steps) {
          now += pause;
          const index = Math.max(0, chain.length - 1 - back);
          const { token, used } = chain[index]!;
          const heir = chain[index + 1];
          const isRetry = used && heir && !heir.used && now - used.at < 10_000 && used.address === address;
          const expected = ended
            ? 'ended'
            : now >= LIFE_MS
              ? 'expired'
              : !used || isRetry
                ? 'refreshed'
                : 'reused';
          const answer = await refresh(token, now, address);
          results.push([answer.result, expected]);
          if (answer.result === 'reused') ended = true;
          if (answer.result !== 'refreshed') continue;
          const { refreshToken } = answer as { refreshToken: string };
          if (!heir) chain.push({ token: refreshToken });
          shown.push([refreshToken, chain[index + 1]!.token]);
          chain[index]!.used ??= { at: now, address };
        }
        expect(results.map(([is]) => is)).toEqual(results.map(([, expected]) => expected));
        expect(shown.map(([given]) => given)).toEqual(shown.map(([, heir]) => heir));
        expect(new Set(chain.map(({ token }) => token)).size).toBe(chain.length);
      }),
      { numRuns: 40 },
    );
  });
});
