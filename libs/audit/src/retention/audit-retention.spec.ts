import { readdir, readFile, writeFile } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { databases, scratchFolder, useDatabase, type ScratchFolder } from '#testing';
import type { SigningKey } from '../chain/signing-key.ts';
import { JournalFolder } from '../journal/journal-folder.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open-journal.ts';
import { body, newSigningKey, signingKey } from '../testing/journal-fixture.ts';
import { FileSource } from '../verify/file-source.ts';
import { readRecords } from '../verify/read-records.ts';
import { TableSource } from '../verify/table-source.ts';
import { verifyJournal, type Report } from '../verify/verify-journal.ts';
import { AuditRetention } from './audit-retention.ts';
import { RetainedFiles } from './retained-files.ts';
import { RetainedTables } from './retained-tables.ts';

const DAY_MS = 86_400_000;

async function fill(journal: Journal, records: number): Promise<void> {
  for (let n = 0; n < records; n++) await journal.append(body(n), undefined);
}

describe.each(databases)('the retention of the audit journal on $name', (kind) => {
  const database = useDatabase(kind);
  const inTables = kind.name === 'PostgreSQL';
  const log = vi.spyOn(Logger.prototype, 'error');
  let folder: ScratchFolder;
  beforeAll(() => void vi.spyOn(Logger.prototype, 'log').mockReturnValue());
  beforeEach(async () => {
    log.mockReset().mockReturnValue();
    await folder?.remove();
    folder = await scratchFolder();
    for (const table of ['audit_records', 'audit_checkpoints', 'audit_removals'] as const)
      await database().kysely.deleteFrom(table).execute();
  });
  afterAll(() => folder.remove());

  const open = (key: SigningKey = signingKey) =>
    openJournal({
      folder: new JournalFolder(folder.path),
      database: inTables ? database() : undefined,
      key,
      segmentBytes: 512,
    });
  const source = () => (inTables ? new TableSource(database().kysely) : new FileSource(folder.path));
  const verify = (): Promise<Report> => verifyJournal({ source: source() });

  /** A process of its own: records, then its end; a killed one has none. */
  async function chainOf(records: number, key?: SigningKey): Promise<void> {
    const journal = await open(key);
    await fill(journal, records);
    await journal.close();
  }
  function retention(journal: Journal, inDays: number, key: SigningKey = signingKey): AuditRetention {
    const files = new RetainedFiles(new JournalFolder(folder.path), () => [journal.last]);
    const stores = inTables ? { store: new RetainedTables(database()), copy: files } : { store: files };
    const now = () => Date.now() + inDays * DAY_MS;
    return new AuditRetention({ days: 365, journal, signing: { key }, database: database(), now, ...stores });
  }
  async function events(): Promise<Record<string, unknown>[]> {
    const lines: string[] = [];
    await readRecords(source(), {}, (line) => lines.push(line));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('removes nothing before its time', async () => {
    await chainOf(10);
    const journal = await open();
    expect(await retention(journal, 364).removeOld()).toBe(0);
    await journal.close();
    expect(await verify()).toMatchObject({ valid: true, removed: null, entries: 12 });
  });

  it('removes what is old, says so on record, and what is left verifies', async () => {
    await chainOf(10);
    await chainOf(3);
    const journal = await open();
    await fill(journal, 10);
    await vi.waitFor(async () => expect((await verify()).chains.at(-1)?.segments).toBeGreaterThan(3));
    const before = await verify();
    const removed = await retention(journal, 366).removeOld();
    expect(removed).toBeGreaterThan(15);
    await fill(journal, 3);
    await journal.close();
    const report = await verify();
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ valid: true, removed: { entries: removed } });
    // What was there, without what is gone, and with the record of it and three more.
    expect(report.entries).toBe(before.entries - removed + 4);
    expect(await events()).toContainEqual(
      expect.objectContaining({
        event: 'audit_records_removed',
        notes: expect.objectContaining({ records: removed, chains: 3 }),
      }),
    );
    await chainOf(2);
    expect((await verify()).findings).toEqual([]);
    expect(log).not.toHaveBeenCalled();
  });

  it('goes on from where it was, by a new key too', async () => {
    await chainOf(10);
    const first = await open();
    const one = await retention(first, 366).removeOld();
    await first.close();
    const key = newSigningKey();
    const second = await open(key);
    await fill(second, 5);
    const two = await retention(second, 366, key).removeOld();
    expect(two).toBeGreaterThan(0);
    await second.close();
    const third = await open(key);
    await third.close();
    const report = await verify();
    expect(report.findings).toEqual([]);
    expect(report.removed?.entries).toBe(one + two);
  });

  it('hides nobody who removes more than it has', async () => {
    await chainOf(10);
    const journal = await open();
    await retention(journal, 366).removeOld();
    await fill(journal, 10);
    await journal.close();
    expect((await verify()).valid).toBe(true);
    await removeNext(journal.chain);
    const { findings } = await verify();
    expect(findings.map(({ harm }) => harm)).toContain('removed');
  });

  it('is not to be had without its signature', async () => {
    await chainOf(10);
    const journal = await open();
    await retention(journal, 366).removeOld();
    await journal.close();
    await changeStatement((line) => line.replace(/"seq":(\d)/, (_, digit) => `"seq":${Number(digit) + 1}`));
    const { findings } = await verify();
    expect(findings).toContainEqual(
      expect.objectContaining({ harm: 'altered', message: expect.stringContaining('not as it was signed') }),
    );
    // Nothing is removed on the word of such a statement.
    const next = await open();
    await expect(retention(next, 366).removeOld()).rejects.toThrow('not as it was signed');
    await next.close();
  });

  it('leaves what was tampered with where it is: it is evidence', async () => {
    await chainOf(10);
    const [chain = ''] = await source().chains();
    await tamper(chain);
    const journal = await open();
    await retention(journal, 366).removeOld();
    await journal.close();
    expect(log).toHaveBeenCalledWith(expect.stringContaining(`not removed: chain ${chain}`));
    const { findings } = await verify();
    expect(findings.map((finding) => [finding.harm, finding.chain])).toContainEqual(['altered', chain]);
  });

  it('ends what a process that died has begun', async () => {
    await chainOf(10);
    const journal = await open();
    const due = retention(journal, 366);
    const store = inTables ? RetainedTables : RetainedFiles;
    const dies = vi.spyOn(store.prototype, 'sweep').mockRejectedValueOnce(new Error('died'));
    await expect(due.removeOld()).rejects.toThrow('died');
    dies.mockRestore();
    expect(await verify()).toMatchObject({ valid: true, findings: [] });
    await due.removeOld();
    await journal.close();
    expect(await verify()).toMatchObject({ valid: true, findings: [] });
    const folders = (await readdir(new JournalFolder(folder.path).path)).filter((name) =>
      name.startsWith('20'),
    );
    expect(folders).toEqual([journal.chain]);
  });

  /** The oldest record that is left of a chain. */
  async function removeNext(chain: string): Promise<void> {
    if (inTables) {
      const rows = database().kysely.selectFrom('audit_records').where('chain', '=', chain);
      const { seq } = await rows.select('seq').orderBy('seq').executeTakeFirstOrThrow();
      await database()
        .kysely.deleteFrom('audit_records')
        .where('chain', '=', chain)
        .where('seq', '=', seq)
        .execute();
      return;
    }
    await changeFirstSegment(chain, (lines) => lines.slice(1));
  }

  async function tamper(chain: string): Promise<void> {
    if (inTables) {
      await database()
        .kysely.updateTable('audit_records')
        .set((that) => ({ line: that.fn('replace', ['line', that.val('call-2'), that.val('call-3')]) }))
        .where('chain', '=', chain)
        .execute();
      return;
    }
    const journal = new JournalFolder(folder.path);
    for (const segment of (await journal.segments(chain)) ?? []) {
      const path = journal.segmentPath(chain, segment);
      await writeFile(path, (await readFile(path, 'latin1')).replace('call-2', 'call-3'), 'latin1');
    }
  }

  async function changeFirstSegment(chain: string, change: (lines: string[]) => string[]): Promise<void> {
    const journal = new JournalFolder(folder.path);
    const [first] = (await journal.segments(chain))!;
    const path = journal.segmentPath(chain, first!);
    const lines = (await readFile(path, 'latin1')).split(/(?<=\n)/);
    await writeFile(path, change(lines).join(''), 'latin1');
  }

  async function changeStatement(change: (line: string) => string): Promise<void> {
    if (inTables) {
      const { line } = await database()
        .kysely.selectFrom('audit_removals')
        .select('line')
        .executeTakeFirstOrThrow();
      await database()
        .kysely.updateTable('audit_removals')
        .set({ line: change(line) })
        .execute();
      return;
    }
    const { removalsPath } = new JournalFolder(folder.path);
    await writeFile(removalsPath, change(await readFile(removalsPath, 'utf8')));
  }
});
