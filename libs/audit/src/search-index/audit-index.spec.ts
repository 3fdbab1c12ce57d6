import { appendFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  databases,
  scratchFolder,
  type OpenTestDatabase,
  type ScratchFolder,
  type TestDatabase,
} from '#testing';
import { JournalFolder } from '../journal/journal-folder.ts';
import {
  body,
  openFileJournal,
  segmentPaths,
  writeChain,
  writeKilledChain,
} from '../testing/journal-fixture.ts';
import { AuditIndex } from './audit-index.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describe('the index of the journal', () => {
  const [pglite, postgresql] = databases;
  let place: TestDatabase;
  let opened: OpenTestDatabase;
  let files: ScratchFolder;
  beforeAll(async () => {
    place = await pglite!.create();
    opened = await place.open();
  });
  afterAll(async () => {
    await opened.close();
    await place.remove();
  });
  beforeEach(async () => {
    files = await scratchFolder();
    await opened.database.kysely.deleteFrom('audit_index').execute();
    await opened.database.kysely.deleteFrom('audit_records').execute();
  });
  afterEach(() => files.remove());

  const indexOf = (
    live?: () => { ends: readonly Awaited<ReturnType<typeof openFileJournal>>['last'][]; records: number },
  ) =>
    new AuditIndex({
      database: opened.database,
      folder: new JournalFolder(files.path),
      ...(live && { live }),
    });
  const rowsOf = async (chain: string) => {
    const rows = await opened.database.kysely
      .selectFrom('audit_records')
      .select(['seq', 'correlation_id'])
      .where('chain', '=', chain)
      .orderBy('seq')
      .execute();
    return rows.map(({ seq }) => Number(seq));
  };
  it('has every record of every chain, but for lines that were never finished or were altered', async () => {
    const closed = await writeChain(files.path, [3, 9]);
    const killed = await writeKilledChain(files.path, [2, 8]);
    const last = (await segmentPaths(files.path, killed)).at(-1)!;
    await appendFile(last, '{"chain":"forged"}\n{"chain":');
    await indexOf().fill();
    expect(await rowsOf(closed)).toEqual(upTo(13));
    expect(await rowsOf(killed)).toEqual(upTo(11));
  });

  it('goes on where it was, and can be made anew', async () => {
    const chain = await writeChain(files.path, [5]);
    await indexOf().fill();
    let bytes = 0;
    await indexOf().fill((read) => (bytes += read));
    expect(bytes).toBe(0);
    await opened.database.kysely.deleteFrom('audit_records').where('chain', '=', chain).execute();
    await indexOf().rebuild();
    expect(await rowsOf(chain)).toEqual(upTo(6));
  });

  it('follows a chain that is being written', async () => {
    const journal = await openFileJournal(files.path);
    const index = indexOf(() => ({ ends: [journal.last], records: journal.status.records }));
    index.start();
    for (let n = 0; n < 10; n++) await journal.append(body(n), undefined);
    await expect.poll(() => rowsOf(journal.chain), { timeout: 10_000 }).toEqual(upTo(11));
    await index.stop();
    await expect.poll(() => index.status, { timeout: 10_000 }).toEqual({ caughtUp: true, failures: 0 });
    await journal.close();
  });

  it('leaves the tables of PostgreSQL alone, for there they are the journal itself', async () => {
    const other = await postgresql!.create();
    const db = await other.open();
    const index = new AuditIndex({ database: db.database, folder: new JournalFolder(db.folder.path) });
    await expect(index.rebuild()).rejects.toThrow('the table is the journal itself');
    index.start();
    await index.stop();
    await db.close();
    await other.remove();
  });
});
