import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { FaultyDisk, type Fault } from '../testing/faulty-disk.ts';
import { body, openFileJournal, segmentPaths, verifyFiles } from '../testing/journal-fixture.ts';
import { MAX_BACKLOG_BYTES, type Journal } from './journal.ts';

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
};

/** Appends some records at once. Answers the numbers of those that were made safe. */
async function appendAll(journal: Journal, from: number, count: number): Promise<number[]> {
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  const attempts = numbers.map(async (n) => {
    await journal.append(body(n), undefined);
    return n;
  });
  const settled = await Promise.allSettled(attempts);
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

async function idsIn(dataDir: string, chain: string): Promise<string[]> {
  const texts = await Promise.all((await segmentPaths(dataDir, chain)).map((path) => readFile(path, 'utf8')));
  return texts.join('').match(/call-\d+/g) ?? [];
}

describe('a journal on a disk that fails', () => {
  it.each<Fault>(['full', 'read-only', 'sync fails'])(
    'refuses records while it is %s, and goes on by itself when that ends',
    async (fault) => {
      await using data = await scratchFolder();
      const disk = new FaultyDisk();
      let failures = 0;
      const recoveries: number[] = [];
      const journal = await openFileJournal(data.path, {
        openFile: disk.open,
        onFailure: () => failures++,
        onRecovery: ({ refused }) => recoveries.push(refused),
      });
      const before = await appendAll(journal, 1, 5);
      disk.fault = fault;
      const during = await appendAll(journal, 100, 5);
      expect(() => journal.append(body(200), undefined)).toThrow(
        expect.objectContaining({ code: 'UNAVAILABLE' }),
      );
      expect(journal.status.working).toBe(false);
      disk.fault = 'none';
      await until(() => journal.status.working);
      const later = await appendAll(journal, 300, 5);
      await journal.close();

      expect({ before, during, later }).toEqual({
        before: [1, 2, 3, 4, 5],
        during: [],
        later: [300, 301, 302, 303, 304],
      });
      expect(await verifyFiles(data.path)).toMatchObject({
        valid: true,
        entries: 12,
        chains: [{ state: 'closed' }],
      });
      expect(await idsIn(data.path, journal.chain)).toEqual([...before, ...later].map((n) => `call-${n}`));
      expect({ failures, recoveries }).toEqual({ failures: 1, recoveries: [6] });
    },
  );

  it('keeps all that it promised through many short failures', async () => {
    await using data = await scratchFolder();
    const disk = new FaultyDisk();
    const journal = await openFileJournal(data.path, { openFile: disk.open });
    const safe: number[] = [];
    for (let round = 0; round < 4; round++) {
      const appending = appendAll(journal, round * 100, 50);
      disk.fault = (['full', 'sync fails', 'none'] as const)[round % 3]!;
      safe.push(...(await appending));
      disk.fault = 'none';
      await until(() => journal.status.working);
    }
    await journal.close();
    const ids = new Set(await idsIn(data.path, journal.chain));
    expect(safe.filter((n) => !ids.has(`call-${n}`))).toEqual([]);
    expect((await verifyFiles(data.path)).findings).toEqual([]);
  });

  it('verifies while it can neither write nor mend what it wrote', async () => {
    await using data = await scratchFolder();
    const disk = new FaultyDisk();
    const journal = await openFileJournal(data.path, { openFile: disk.open });
    await appendAll(journal, 1, 5);
    disk.fault = 'full';
    await appendAll(journal, 100, 5);
    disk.fault = 'read-only';
    expect((await verifyFiles(data.path)).findings).toEqual([]);
    await journal.close();
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, chains: [{ state: 'open' }] });
  });

  it('lets nobody wait for a disk that hangs, and goes on when that ends', async () => {
    await using data = await scratchFolder();
    const disk = new FaultyDisk();
    const journal = await openFileJournal(data.path, { openFile: disk.open, patienceMs: 50 });
    disk.fault = 'hangs';
    expect(await appendAll(journal, 1, 5)).toEqual([]);
    expect(journal.status).toMatchObject({ working: false, refused: 5 });
    disk.resume();
    await until(() => journal.status.working);
    expect(await appendAll(journal, 100, 2)).toEqual([100, 101]);
    await journal.close();
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: 1 + 5 + 1 + 2 });
  });

  it('refuses records when too many wait for a disk that hangs, and keeps those it took', async () => {
    await using data = await scratchFolder();
    const disk = new FaultyDisk();
    const journal = await openFileJournal(data.path, { openFile: disk.open, segmentBytes: 1e9 });
    disk.fault = 'hangs';
    const large = `${body(1)},"filler":"${'x'.repeat(64 * 1024)}"`;
    const waiting: Promise<void>[] = [];
    expect(() => {
      for (;;) waiting.push(journal.append(large, undefined));
    }).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    expect(waiting.length * large.length).toBeLessThan(MAX_BACKLOG_BYTES + 2 * large.length);
    await until(() => disk.hanging);
    disk.resume();
    await Promise.all(waiting);
    await journal.close();
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: waiting.length + 1 });
  });

  it('does not begin where it can write nothing, and says where', async () => {
    await using data = await scratchFolder();
    const disk = new FaultyDisk();
    disk.fault = 'read-only';
    await expect(openFileJournal(data.path, { openFile: disk.open })).rejects.toThrow(
      `The audit journal in ${data.path}/audit can't be begun: Error: EROFS`,
    );
  });

  it('does not begin where something else is in the way', async () => {
    await using data = await scratchFolder();
    await writeFile(`${data.path}/audit`, '');
    await expect(openFileJournal(data.path)).rejects.toThrow(/can't be begun: Error: (ENOTDIR|EEXIST)/);
  });
});
