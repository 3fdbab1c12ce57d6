import {
  sql,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryId,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '#persistence';
import { databases, scratchFolder, useDatabase, type ScratchFolder } from '#testing';
import { FaultyDisk } from '../testing/faulty-disk.ts';
import { body, newSigningKey, signingKey, verifyFiles } from '../testing/journal-fixture.ts';
import { TableSource } from '../verify/table-source.ts';
import { verifyJournal } from '../verify/verify-journal.ts';
import type { Journal } from './journal.ts';
import { JournalFolder } from './journal-folder.ts';
import { openJournal, type OpenJournalOptions } from './open-journal.ts';

const append = (journal: Journal, count: number) =>
  Promise.all(Array.from({ length: count }, (_, n) => journal.append(body(n), undefined)));

describe.each(databases)('a journal in $name', (kind) => {
  const database = useDatabase(kind);
  let data: ScratchFolder;

  beforeEach(async () => {
    data = await scratchFolder();
    await sql`truncate audit_records, audit_checkpoints`.execute(database().kysely);
  });
  afterEach(() => data.remove());

  const open = (options: Partial<OpenJournalOptions> = {}): Promise<Journal> =>
    openJournal({
      folder: new JournalFolder(data.path),
      database: database(),
      key: signingKey,
      segmentBytes: 1024,
      ...options,
    });
  const verify = () => verifyJournal({ source: new TableSource(database().kysely) });

  async function writeChain(count: number): Promise<string> {
    const journal = await open();
    await append(journal, 1);
    await append(journal, count - 1);
    await journal.close();
    return journal.chain;
  }

  it('keeps records with their columns, and a copy of them in files', async () => {
    const journal = await open();
    const principal = '"principal":{"id":"p1","name":"Ada","role":"admin"}';
    const text = `"result":"allowed","operation":"keys.list",${principal},"ip":"::1"`;
    await journal.append(`${body(7)},${text}`, undefined);
    await journal.close();
    const row = await database()
      .kysely.selectFrom('audit_records')
      .selectAll()
      .where('correlation_id', '=', 'call-7')
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({
      chain: journal.chain,
      seq: '2',
      event: 'call',
      result: 'allowed',
      severity: 'LOW',
      operation: 'keys.list',
      principal_id: 'p1',
      ip: '::1',
      time: new Date('2025-11-21T08:00:00.000Z'),
    });
    expect((await verify()).findings).toEqual([]);
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: 2 });
  });

  it('verifies several chains that are written at the same time, and while they are', async () => {
    const journals = [await open(), await open({ key: newSigningKey() }), await open()];
    await Promise.all(journals.map((journal) => append(journal, 20)));
    expect((await verify()).findings).toEqual([]);
    await Promise.all(journals.map((journal) => journal.close()));
    await writeChain(3);
    const report = await verify();
    expect(report).toMatchObject({ valid: true, entries: 3 * 21 + 4 });
    expect(report.keys).toHaveLength(2);
  });

  it.each([
    ['a removed record', 'removed', sql`delete from audit_records where seq = 4`],
    ['the last record removed', 'truncated', sql`delete from audit_records where seq = 11`],
    [
      'an altered line',
      'altered',
      sql`update audit_records set line = replace(line, 'call-', 'gall-') where seq = 4`,
    ],
    ['an altered column', 'altered', sql`update audit_records set severity = 'HIGH' where seq = 4`],
    [
      'swapped lines',
      'altered',
      sql`
      update audit_records a set line = b.line from audit_records b
      where a.chain = b.chain and (a.seq, b.seq) in ((3, 4), (4, 3))`,
    ],
    [
      'an altered checkpoint',
      'altered',
      sql`update audit_checkpoints set line = replace(line, '"seq":11', '"seq":10')`,
    ],
    ['no checkpoints', 'unsigned', sql`delete from audit_checkpoints`],
    [
      'the newest checkpoint removed',
      'unsigned',
      sql`
      delete from audit_checkpoints where segment = (select max(segment) from audit_checkpoints)`,
    ],
  ])('finds %s', async (_, harm, tamper) => {
    await writeChain(10);
    expect((await verify()).valid).toBe(true);
    await tamper.execute(database().kysely);
    expect((await verify()).findings).toContainEqual(expect.objectContaining({ harm }));
  });

  it('finds a chain that is missing as a whole', async () => {
    const chains = [await writeChain(4), await writeChain(4), await writeChain(4)];
    for (const table of ['audit_records', 'audit_checkpoints'] as const) {
      await database().kysely.deleteFrom(table).where('chain', '=', chains[1]!).execute();
    }
    expect((await verify()).findings).toMatchObject([{ harm: 'removed', chain: chains[1], toSeq: 5 }]);
  });

  it('refuses records while the table is gone, and goes on after what was committed', async () => {
    const journal = await open();
    await append(journal, 3);
    const { kysely } = database();
    await sql`alter table audit_records rename to audit_records_away`.execute(kysely);
    await expect(append(journal, 2)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await sql`alter table audit_records_away rename to audit_records`.execute(kysely);
    while (!journal.status.working) await new Promise((resolve) => setTimeout(resolve, 10));
    await append(journal, 3);
    await journal.close();
    expect(await verify()).toMatchObject({ valid: true, entries: 8 });
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: 8 });
  });

  it('goes on after records whose commit it never heard of', async () => {
    const hearing = new HardOfHearing();
    const journal = await open({ database: hearing.over(database()) });
    await append(journal, 3);
    hearing.deaf = true;
    await expect(append(journal, 2)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    hearing.deaf = false;
    while (!journal.status.working) await new Promise((resolve) => setTimeout(resolve, 10));
    await append(journal, 3);
    await journal.close();
    expect(await verify()).toMatchObject({ valid: true, entries: 10 });
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: 10 });
  });

  it('needs no files: when the disk fails, it says so and goes on', async () => {
    const disk = new FaultyDisk();
    const damage: string[] = [];
    const journal = await open({ openFile: disk.open, onDamage: (message) => damage.push(message) });
    await append(journal, 3);
    disk.fault = 'full';
    await append(journal, 3);
    await append(journal, 3);
    await journal.close();
    expect(damage).toEqual([expect.stringContaining('ENOSPC')]);
    expect(await verify()).toMatchObject({ valid: true, entries: 10 });
    expect((await verifyFiles(data.path)).findings).toEqual([]);
  });
});

/** The database, whose answers to insertions of records are lost, after the commit, while `deaf`. */
class HardOfHearing implements KyselyPlugin {
  deaf = false;
  readonly #insertions = new WeakSet<QueryId>();

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    if (node.kind === 'RawNode' && node.sqlFragments.join('').includes('insert into audit_records')) {
      this.#insertions.add(queryId);
    }
    return node;
  }

  async transformResult({ result, queryId }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    if (this.deaf && this.#insertions.has(queryId)) throw new Error('Connection terminated');
    return result;
  }

  over(database: Database): Database {
    return Object.create(database, { kysely: { value: database.kysely.withPlugin(this) } }) as Database;
  }
}
