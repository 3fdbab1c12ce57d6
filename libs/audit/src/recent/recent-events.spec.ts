import { beforeAll, describe, expect, it } from 'vitest';
import { databases, useDatabase } from '#testing';
import { insertRecords } from '../journal/insert-records.ts';
import { RecentEvents } from './recent-events.ts';

const at = (secondsAgo: number): string => new Date(Date.now() - secondsAgo * 1000).toISOString();
const ana = { id: 'p-1', name: "Ana O'Hara", role: 'employee' };

/** The oldest first. Two share their time, as those of two processes may. */
const records = [
  { seq: 1, time: at(200_000), event: 'server_start', severity: 'LOW' },
  {
    seq: 2,
    time: at(60),
    event: 'call',
    result: 'allowed',
    severity: 'LOW',
    ip: '192.0.2.1',
    principal: ana,
  },
  { seq: 3, time: at(50), event: 'call', result: 'refused', severity: 'HIGH', ip: '192.0.2.1' },
  { seq: 4, time: at(40), event: 'invalid_auth', result: 'refused', severity: 'MEDIUM', ip: '192.0.2.2' },
  { seq: 5, time: at(30), event: 'access_denied', result: 'refused', severity: 'MEDIUM', principal: ana },
  { seq: 6, time: at(30), event: 'server_shutdown', severity: 'LOW' },
];

describe.each(databases)('recent events, on $name', (kind) => {
  const opened = useDatabase(kind);
  let recent: RecentEvents;
  beforeAll(async () => {
    const lines = records.map((record) => JSON.stringify({ chain: 'c-1', ...record }));
    await insertRecords(opened().kysely, lines);
    recent = new RecentEvents(opened(), { status: { caughtUp: false, failures: 0 } });
  });

  const found = async (filter: Parameters<RecentEvents['page']>[0]) =>
    (await recent.page(filter)).events.map(({ seq }) => seq);

  it.each<[Parameters<RecentEvents['page']>[0], number[]]>([
    [{}, [6, 5, 4, 3]],
    [{ all: true }, [6, 5, 4, 3, 2]],
    [{ since: at(300_000) }, [6, 5, 4, 3, 1]],
    [{ since: at(45) }, [6, 5, 4]],
    [{ event: 'call' }, [3, 2]],
    [{ severity: 'MEDIUM' }, [5, 4, 3]],
    [{ severity: 'HIGH' }, [3]],
    [{ severity: 'CRITICAL' }, []],
    [{ address: '192.0.2.1', all: true }, [3, 2]],
    [{ principal: 'p-1' }, [5]],
    [{ principal: "Ana O'Hara", all: true }, [5, 2]],
    [{ limit: 2 }, [6, 5]],
  ])('with %j are %j', async (filter, expected) => {
    expect(await found(filter)).toEqual(expected);
  });

  it('come in pages that miss nothing and repeat nothing', async () => {
    const seen: unknown[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await recent.page({ limit: 1, ...(cursor && { cursor }) });
      seen.push(...page.events.map(({ seq }) => seq));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([6, 5, 4, 3]);
  });

  it('are not looked for in all of the past', async () => {
    await expect(recent.page({ since: at(32 * 86_400) })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('are known to be all there only where the table is the journal', async () => {
    expect((await recent.page({})).complete).toBe(opened().engine === 'postgresql');
  });

  it.each([
    ['none'],
    [Buffer.from('["x","c-1","1"]').toString('base64url')],
    [Buffer.from('["1","c-1","1"]').toString('base64url')],
    [Buffer.from('["2026-07-28T08:00:00.000Z","c\\u0000","1"]').toString('base64url')],
    [Buffer.from('[1]').toString('base64url')],
  ])('refuse the cursor %s', async (cursor) => {
    await expect(recent.page({ cursor })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});
