import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, useDatabase } from '#testing';
import { FairShare } from './fair-share.ts';

const MODEL = 'Interaction';

describe.each(databases)('the share of what strangers begin, on $name', (kind) => {
  const database = useDatabase(kind);
  let share: FairShare;
  let rows = 0;
  beforeAll(() => {
    share = new FairShare(
      database(),
      { table: 'oauth_artifacts', until: 'expires_at' },
      { each: 4, all: 10 },
    );
  });
  beforeEach(async () => void (await database().kysely.deleteFrom('oauth_artifacts').execute()));

  const put = async (network: string | null, lifeMs = 600_000, model = MODEL) => {
    const row = {
      model,
      id: `row ${++rows}`,
      payload: 'sealed',
      expires_at: new Date(Date.now() + lifeMs + rows),
    };
    const other = { grant_id: null, uid: null, client_id: null, account_id: null, consumed_at: null };
    await database()
      .kysely.insertInto('oauth_artifacts')
      .values({ ...row, ...other, network })
      .execute();
    return row.id;
  };
  const begin = async (network: string) => {
    const admitted = await share.admits([network], { model: MODEL });
    if (admitted) await put(network);
    return admitted;
  };
  const held = async () => {
    const all = await database().kysely.selectFrom('oauth_artifacts').select(['id', 'network']).execute();
    return Object.groupBy(all, ({ network }) => network ?? 'nobody');
  };

  it('has an end for each network, whatever others hold', async () => {
    const begun = [];
    for (let n = 0; n < 6; n++) begun.push(await begin('flood'));
    expect(begun).toEqual([true, true, true, true, false, false]);
    expect(await begin('other')).toBe(true);
  });

  it('is of one network, also by the digest that it had under another pepper', async () => {
    for (let n = 0; n < 4; n++) await put('former');
    expect(await share.admits(['current', 'former'], { model: MODEL })).toBe(false);
  });

  it('counts neither what is over, nor what is of another kind, nor what is of somebody known', async () => {
    for (let n = 0; n < 4; n++) {
      await put('flood', -60_000);
      await put('flood', 600_000, 'Session');
      await put(null);
    }
    expect(await begin('flood')).toBe(true);
  });

  it('lets whoever holds little in at the cost of who holds the most, the oldest first', async () => {
    const first = await put('flood');
    for (let n = 0; n < 3; n++) await put('flood');
    for (let n = 0; n < 3; n++) await put('second');
    for (let n = 0; n < 3; n++) await put('third');
    expect(await begin('newcomer')).toBe(true);
    const { flood, second, third, newcomer } = await held();
    expect([flood, second, third, newcomer].map((all) => all?.length)).toEqual([3, 3, 3, 1]);
    expect(flood).not.toContainEqual(expect.objectContaining({ id: first }));
    // No more for those who hold the most already.
    expect(await begin('flood')).toBe(false);
    expect(await begin('newcomer')).toBe(true);
    // Two each, or three: nobody gives way to who would then hold as much.
    expect([await begin('newcomer'), (await held())['newcomer']?.length]).toEqual([false, 2]);
  });

  it('throws nobody out who holds no more than one, when all is taken by many', async () => {
    for (let n = 0; n < 10; n++) await put(`network ${n}`);
    expect(await begin('newcomer')).toBe(false);
    expect(Object.keys(await held())).toHaveLength(10);
  });

  it('has what is old give way to anybody, where it is of a kind that does, and only when all is taken', async () => {
    const aged = { table: 'oauth_artifacts', until: 'expires_at', agedMs: 300_000 } as const;
    const aging = new FairShare(database(), aged, { each: 4, all: 10 });
    const oldest = await put('network 0', 200_000);
    for (let n = 1; n < 9; n++) await put(`network ${n}`);
    expect(await aging.admits(['network 9'], { model: MODEL })).toBe(true);
    await put('network 9');
    expect(JSON.stringify(await held())).toContain(`"${oldest}"`);
    expect(await aging.admits(['newcomer'], { model: MODEL })).toBe(true);
    expect(JSON.stringify(await held())).not.toContain(`"${oldest}"`);
    await put('newcomer');
    expect(await aging.admits(['another'], { model: MODEL })).toBe(false);
  });

  it('holds what somebody known has out of it, however full it is', async () => {
    const known = await put(null, 1_000);
    for (let n = 0; n < 10; n++) await put(n < 4 ? 'flood' : 'second');
    expect(await begin('newcomer')).toBe(true);
    expect((await held())['nobody']).toEqual([expect.objectContaining({ id: known })]);
  });
});
