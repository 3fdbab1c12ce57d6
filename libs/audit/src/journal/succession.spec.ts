import { Logger } from '@nestjs/common';
import { rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '#persistence';
import { databases, scratchFolder, useDatabase, type ScratchFolder } from '#testing';
import { signCheckpoint, type Position } from '../chain/checkpoint.ts';
import { VerifyingKey, type SigningKey } from '../chain/signing-key.ts';
import { AuditIndex } from '../search-index/audit-index.ts';
import {
  body,
  newKeyText,
  newSigningKey,
  openFileJournal,
  signingKey,
  verifyFiles,
} from '../testing/journal-fixture.ts';
import { FileSource } from '../verify/file-source.ts';
import { TableSource } from '../verify/table-source.ts';
import { verifyJournal } from '../verify/verify-journal.ts';
import { followSigningKey } from './follow-signing-key.ts';
import { asSlot, fromSlot, JournalFolder } from './journal-folder.ts';
import { openJournal } from './open-journal.ts';
import { Succession, type BeginChain } from './succession.ts';

const [ONE, TWO, THREE] = [signingKey, newSigningKey(), newSigningKey()];

/** Where the journal lives: how it is written, and where the verifier looks. */
describe.each(databases)('a journal whose signing key rotates, beside $name', (kind) => {
  const database = useDatabase(kind);
  const inTables = kind.name === 'PostgreSQL';
  let data: ScratchFolder;
  let open: Succession[];
  beforeEach(async () => {
    data = await scratchFolder();
    open = [];
    for (const table of ['audit_records', 'audit_checkpoints', 'audit_index'] as const)
      await database().kysely.deleteFrom(table).execute();
  });
  afterEach(async () => {
    for (const journal of open) await journal.close();
    await data.remove();
  });

  const begin: BeginChain = (key, previous) => begun(key, { previous });
  const begun = (key: SigningKey, options: { previous?: Parameters<BeginChain>[1] } = {}) =>
    openJournal({
      folder: new JournalFolder(data.path),
      database: inTables ? database() : undefined,
      key,
      segmentBytes: 4096,
      ...options,
    });
  async function start(key = ONE, opening = begin): Promise<Succession> {
    const journal = new Succession(await begun(key), key, opening);
    open.push(journal);
    return journal;
  }
  const source = () => (inTables ? new TableSource(database().kysely) : new FileSource(data.path));
  const verify = (pinned: VerifyingKey[] = []) => verifyJournal({ source: source(), pinned });
  const checkpointsOf = async (chain: string) =>
    (await source().checkpoints(chain)).map(
      (line) => JSON.parse(line ?? '{}') as { key: string; state: string; peers: { chain: string }[] },
    );

  it('goes on under load, loses and refuses nothing, and verifies across the border with all keys named', async () => {
    const journal = await start();
    const first = journal.last.chain;
    const rotated = new AbortController();
    let appended = 0;
    const loads = Array.from({ length: 8 }, async () => {
      while (!rotated.signal.aborted) {
        await journal.append(body(appended++), undefined);
      }
    });
    for (const key of [TWO, THREE]) {
      const before = appended;
      await expect.poll(() => appended).toBeGreaterThan(before + 50);
      await journal.turnTo(key);
    }
    rotated.abort();
    await Promise.all(loads);
    expect(journal.status).toMatchObject({ records: appended + 3, refused: 0, working: true, signing: true });
    await journal.close();

    const report = await verify();
    expect(report).toMatchObject({ valid: true, entries: appended + 3 });
    expect(report.chains.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed']);
    expect(report.keys).toEqual([ONE, TWO, THREE].map((key) => key.public.id).toSorted());
    // The key before says, as its last word, which record the next chain begins with.
    const second = report.chains[1]!.chain;
    const end = (await checkpointsOf(first)).at(-1)!;
    expect(end).toMatchObject({ key: ONE.public.id, state: 'closed' });
    expect(end.peers.map(({ chain }) => chain)).toContain(second);
  });

  it('is the one of each key to those who trust that one alone', async () => {
    const journal = await start();
    await journal.append(body(1), undefined);
    await journal.turnTo(TWO);
    await journal.append(body(2), undefined);
    const next = journal.last.chain;
    await journal.close();
    expect(await verify([ONE.public, TWO.public])).toMatchObject({ valid: true });
    const { valid, findings } = await verify([ONE.public]);
    expect(valid).toBe(false);
    expect(new Set(findings.map(({ chain, harm }) => `${chain} ${harm}`))).toEqual(
      new Set([`${next} unsigned`]),
    );
  });

  it('takes no signature by a key that was rotated out for what came after it', async () => {
    const journal = await start();
    await journal.append(body(1), undefined);
    await journal.turnTo(TWO);
    await journal.append(body(2), undefined);
    await journal.close();
    const position = journal.last;
    await keep(await signCheckpoint(ONE, { position, state: 'closed' }), position);
    expect((await verify()).findings).toEqual([
      expect.objectContaining({
        harm: 'unsigned',
        chain: position.chain,
        message: expect.stringContaining(`signed by key ${ONE.public.id}, which is that of other chains`),
      }),
    ]);
  });

  it('misses the chain that came after, when that is taken away as a whole', async () => {
    const journal = await start();
    await journal.turnTo(TWO);
    await journal.append(body(1), undefined);
    await journal.close();
    const { chain } = journal.last;
    await drop(chain);
    expect((await verify()).findings).toEqual([expect.objectContaining({ harm: 'removed', chain })]);
  });

  it('misses it as well while the chain before has not ended', async () => {
    const first = await begun(ONE);
    const ends = Promise.withResolvers<void>();
    const close = first.close.bind(first);
    vi.spyOn(first, 'close').mockImplementation(() => ends.promise.then(close));
    const journal = new Succession(first, ONE, begin);
    open.push(journal);
    const turning = journal.turnTo(TWO);
    await expect.poll(() => journal.key).toBe(TWO);
    await journal.append(body(1), undefined);
    const { chain } = journal.last;
    await drop(chain);
    const { findings } = await verify();
    ends.resolve();
    await turning;
    expect(findings).toContainEqual(expect.objectContaining({ harm: 'removed', chain }));
  });

  it('stays as it is where no chain can be begun, and turns once one can', async () => {
    vi.spyOn(Logger.prototype, 'log').mockReturnValue();
    let broken = true;
    const journal = await start(ONE, (...args) =>
      broken ? Promise.reject(new Error('no disk')) : begin(...args),
    );
    const text = newKeyText();
    let offer!: (text: string) => Promise<string | undefined>;
    const secrets = {
      adopt: (adoption: unknown) => void (offer = (adoption as { adopt: typeof offer }).adopt),
    };
    followSigningKey(journal, undefined, secrets);
    expect(await offer(text)).toBe('Error: no disk');
    await journal.append(body(1), undefined);
    expect(journal.key.public.id).toBe(ONE.public.id);
    broken = false;
    expect(await offer(text)).toBeUndefined();
    expect(journal.key.public.id).toBe(VerifyingKey.from(text)!.id);
    await journal.append(body(2), undefined);
    await journal.close();
    expect(await verify()).toMatchObject({ valid: true, chains: [{ entries: 2 }, { entries: 2 }] });
  });

  async function keep(line: string, { chain, segment, seq, hash }: Position): Promise<void> {
    const folder = new JournalFolder(data.path);
    const slots = (await folder.checkpoints(chain)).map((slot) => fromSlot(slot) ?? '');
    slots[segment - 1] = line;
    await writeFile(folder.checkpointPath(chain), slots.map(asSlot).join(''));
    await database()
      .kysely.updateTable('audit_checkpoints')
      .set({ line, seq: String(seq), hash })
      .where('chain', '=', chain)
      .where('segment', '=', segment)
      .execute();
  }
  async function drop(chain: string): Promise<void> {
    const folder = new JournalFolder(data.path);
    await rm(folder.chainPath(chain), { recursive: true });
    await rm(folder.checkpointPath(chain));
    for (const table of ['audit_records', 'audit_checkpoints'] as const)
      await database().kysely.deleteFrom(table).where('chain', '=', chain).execute();
  }
});

describe('a journal in files, whose signing key rotates', () => {
  const database = useDatabase(databases[0]!);
  let data: ScratchFolder;
  beforeEach(async () => {
    data = await scratchFolder();
  });
  afterEach(() => data.remove());

  it('is indexed to its last record, of each of its chains', async () => {
    const begin: BeginChain = (key, previous) => openFileJournal(data.path, { key, previous });
    const journal = new Succession(await begin(ONE, []), ONE, begin);
    const index = new AuditIndex({
      database: database(),
      folder: new JournalFolder(data.path),
      live: () => ({ ends: journal.ends, records: journal.status.records }),
    });
    await journal.append(body(1), undefined);
    await index.fill();
    const turning = journal.turnTo(TWO);
    await index.fill();
    await turning;
    await journal.append(body(2), undefined);
    await index.fill();
    expect(await countOf(database())).toBe(4);
    await journal.close();
  });

  it('sees no damage in a journal of three keys, one after the other', async () => {
    for (const key of [ONE, TWO, THREE, ONE]) {
      const damage: string[] = [];
      const journal = await openFileJournal(data.path, { key, onDamage: (message) => damage.push(message) });
      expect(damage).toEqual([]);
      await journal.append(body(1), undefined);
      await journal.close();
    }
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true });
  });
});

async function countOf({ kysely }: Database): Promise<number> {
  const rows = await kysely.selectFrom('audit_records').select('seq').execute();
  return rows.length;
}
