import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databases, type DatabaseKind, type OpenTestDatabase, type TestDatabase } from '#testing';
import { JournalFolder } from '../journal/journal-folder.ts';
import { openJournal } from '../journal/open-journal.ts';
import { eventBody, type AuditEvent } from '../record-body.ts';
import { body, signingKey, writeChain } from '../testing/journal-fixture.ts';
import { ChainWatch } from './chain-watch.ts';

const HOUR_MS = 3_600_000;

let test: TestDatabase;
let opened: OpenTestDatabase;
let recorded: AuditEvent[];

function useDatabaseOf(kind: DatabaseKind): void {
  beforeEach(async () => {
    test = await kind.create();
    opened = await test.open();
    recorded = [];
  });
  afterEach(async () => {
    await opened.close();
    await test.remove();
  });
}

function watch(): ChainWatch {
  const { database, folder } = opened;
  const trail = { event: async (event: AuditEvent) => void recorded.push(event) };
  const place = { dataDir: folder.path, url: test.env['DATABASE_URL'] };
  return new ChainWatch({ trail, database, place, everyMs: HOUR_MS });
}

/** A whole chain in the tables: a first record, and these after it. */
async function writeTables(bodies: readonly string[]): Promise<void> {
  const { database, folder } = opened;
  const journal = await openJournal({
    folder: new JournalFolder(folder.path),
    database,
    key: signingKey,
    segmentBytes: 1024,
  });
  for (const each of bodies) await journal.append(each, undefined);
  await journal.close();
}

/** A journal that was written, and then changed in its second record. */
async function writeAndAlter(): Promise<void> {
  const { database, folder } = opened;
  if (database.engine === 'pglite') {
    const path = new JournalFolder(folder.path).segmentPath(await writeChain(folder.path, [3]), 1);
    await writeFile(path, (await readFile(path, 'utf8')).replace('call-2', 'call-9'));
    return;
  }
  await writeTables([body(1)]);
  await database.kysely
    .updateTable('audit_records')
    .set({ ip: '192.0.2.9' })
    .where('seq', '=', '2')
    .execute();
}

describe.each(databases)('ChainWatch, on $name', (kind) => {
  useDatabaseOf(kind);

  it('says when a journal is whole, and leaves a record of that', async () => {
    if (opened.database.engine === 'pglite') await writeChain(opened.folder.path, [2]);
    else await writeTables([body(1), body(2)]);
    const watching = watch();
    const before = Date.now() / 1000;
    expect(watching.status.faults).toBeNaN();

    await watching.look();

    expect(watching.status.faults).toBe(0);
    expect(watching.status.verifiedAt).toBeGreaterThanOrEqual(before);
    expect(recorded).toEqual([
      { event: 'audit_verified', severity: 'LOW', notes: { entries: expect.any(Number), faults: 0 } },
    ]);
  });

  it('finds what was changed, and does not look again before it is due', async () => {
    await writeAndAlter();
    const watching = watch();

    await watching.look();
    await watching.look();

    expect(watching.status.faults).toBeGreaterThan(0);
    expect(recorded).toMatchObject([{ severity: 'CRITICAL', notes: { first: expect.any(String) } }]);
  });

  it('knows nothing of a journal that cannot be read', async () => {
    const watching = watch();
    await watching.look();
    expect(watching.status.faults).toBeNaN();
    expect(recorded).toEqual([]);
  });
});

describe('ChainWatch, of one replica among others', () => {
  useDatabaseOf(databases[1]!);

  it('goes by what another has found', async () => {
    await writeTables([
      eventBody({ event: 'audit_verified', severity: 'CRITICAL', notes: { entries: 7, faults: 2 } }),
    ]);
    const watching = watch();

    await watching.look();

    expect(watching.status.faults).toBe(2);
    expect(recorded).toEqual([]);
  });

  it('does not wait for one that is at it', async () => {
    await writeTables([body(1)]);
    const { database } = opened;
    const watching = watch();
    await database.withLock('audit-verification', () => watching.look());
    expect(watching.status.faults).toBeNaN();
    await watching.look();
    expect(watching.status.faults).toBe(0);
  });
});
