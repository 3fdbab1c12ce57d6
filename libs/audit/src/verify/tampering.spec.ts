import { appendFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder, type ScratchFolder } from '#testing';
import { newChainId } from '../chain/chain-id.ts';
import { signingKeyIn } from '../chain/signing-key-file.ts';
import {
  newSigningKey,
  openFileJournal,
  signingKey,
  verifyFiles,
  writeChain,
  writeKilledChain,
} from '../testing/journal-fixture.ts';
import { FileSource } from './file-source.ts';
import { verifyJournal } from './verify-journal.ts';

/** Chains of several segments each: closed, killed (with half a line left behind), closed, closed. */
let original: ScratchFolder;
let copy: ScratchFolder;
let chains: string[];

beforeAll(async () => {
  original = await scratchFolder();
  copy = await scratchFolder();
  const first = await writeChain(original.path, [1, 4, 3, 2]);
  const killed = await writeKilledChain(original.path, [3, 5, 2]);
  await appendFile(await lastSegment(original.path, killed), '{"chain":"2025');
  chains = [first, killed, await writeChain(original.path, [6, 2]), await writeChain(original.path, [2])];
});

afterAll(async () => {
  await original.remove();
  await copy.remove();
});

/** Does something to a fresh copy of the journal, and says what the verifier thinks of it. */
async function after(tamper: (audit: string) => Promise<unknown>) {
  const audit = join(copy.path, 'audit');
  await rm(audit, { recursive: true, force: true });
  await cp(join(original.path, 'audit'), audit, { recursive: true });
  await tamper(audit);
  return verifyFiles(copy.path);
}

async function lastSegment(dataDir: string, chain: string): Promise<string> {
  const folder = join(dataDir, 'audit', chain);
  return join(folder, (await readdir(folder)).sort().at(-1)!);
}

async function filesIn(audit: string): Promise<string[]> {
  const entries = await readdir(audit, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const segment = (audit: string, chain: number, number: number) =>
  join(audit, chains[chain]!, `${String(number).padStart(6, '0')}.jsonl`);

async function changeLines(path: string, change: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(path, 'latin1')).split(/(?<=\n)/);
  await writeFile(path, change(lines).join(''), 'latin1');
}

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const pick = <T>(list: readonly T[], at: number): T => list[Math.floor(at * list.length)]!;

describe('the verifier', () => {
  it('finds nothing where nothing was done, not even after a kill', async () => {
    const report = await after(async () => {});
    expect(report.findings).toEqual([]);
    expect(report.chains.map(({ state }) => state)).toEqual(['closed', 'recovered', 'closed', 'closed']);
    expect(report.chains[1]).toMatchObject({ torn: 14, unsigned: 0 });
  });

  it('finds nothing in a chain whose process was killed before its first line', async () => {
    for (const begun of [false, true]) {
      const chain = newChainId();
      const report = await after(async (audit) => {
        await mkdir(join(audit, chain));
        if (begun) await writeFile(join(audit, chain, '000001.jsonl'), '');
      });
      expect(report.findings).toEqual([]);
      expect(report.chains).toContainEqual(
        expect.objectContaining({ chain, state: 'never begun', entries: 0 }),
      );
    }
  });

  it('finds any one byte that is changed, in segments and in checkpoints', async () => {
    const changed = fc.record({ file: fraction, at: fraction, by: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(changed, async ({ file, at, by }) => {
        const report = await after(async (audit) => {
          const path = pick(await filesIn(audit), file);
          const bytes = await readFile(path);
          const torn = path === (await lastSegment(copy.path, chains[1]!)) ? 14 : 0;
          const index = Math.floor(at * (bytes.length - torn));
          bytes[index] = (bytes[index]! + by) % 256;
          await writeFile(path, bytes);
        });
        expect(report.valid).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['removed', 'duplicated', 'swapped'])('finds any line that is %s', async (deed) => {
    await fc.assert(
      fc.asyncProperty(fraction, fraction, async (file, at) => {
        const report = await after(async (audit) => {
          const path = pick(
            (await filesIn(audit)).filter((name) => !name.includes('checkpoints')),
            file,
          );
          await changeLines(path, (lines) => {
            const whole = lines.filter((line) => line.endsWith('\n')).length;
            const index = Math.floor(at * whole);
            const line = lines[index]!;
            if (deed === 'removed') return lines.toSpliced(index, 1);
            if (deed === 'duplicated' || whole === 1) return lines.toSpliced(index, 0, line);
            const other = (index + 1) % whole;
            return lines.with(index, lines[other]!).with(other, line);
          });
        });
        expect(report.valid).toBe(false);
      }),
      { numRuns: 25 },
    );
  });

  it('finds any file that is cut short', async () => {
    await fc.assert(
      fc.asyncProperty(fraction, fraction, async (file, at) => {
        const report = await after(async (audit) => {
          const path = pick(await filesIn(audit), file);
          const bytes = await readFile(path);
          const torn = path === (await lastSegment(copy.path, chains[1]!)) ? 14 : 0;
          await writeFile(path, bytes.subarray(0, Math.floor(at * (bytes.length - torn))));
        });
        expect(report.valid).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it('finds any file that is missing', async () => {
    const count = (await filesIn(join(original.path, 'audit'))).length;
    for (let index = 0; index < count; index++) {
      const report = await after(async (audit) => rm((await filesIn(audit))[index]!));
      expect(report.valid).toBe(false);
    }
  });

  it.each([0, 1, 2, 3])('finds that chain %i is missing, with its checkpoints and without', async (chain) => {
    const folder = await after((audit) => rm(join(audit, chains[chain]!), { recursive: true }));
    expect(folder.findings).toContainEqual(
      expect.objectContaining({ harm: 'removed', chain: chains[chain], seq: 1 }),
    );
    const all = await after(async (audit) => {
      await rm(join(audit, chains[chain]!), { recursive: true });
      await rm(join(audit, 'checkpoints', `${chains[chain]}.jsonl`));
    });
    expect(all.findings).toContainEqual(expect.objectContaining({ harm: 'removed', chain: chains[chain] }));
  });

  it('finds that the newest segment is missing with its checkpoint', async () => {
    const report = await after(async (audit) => {
      await rm(await lastSegment(copy.path, chains[2]!));
      const path = join(audit, 'checkpoints', `${chains[2]}.jsonl`);
      await changeLines(path, (slots) => slots.slice(0, -1));
    });
    expect(report.valid).toBe(false);
  });

  it('says which entries were removed, and which call the altered one was', async () => {
    const removed = await after((audit) =>
      changeLines(segment(audit, 0, 1), (lines) => lines.toSpliced(2, 2)),
    );
    expect(removed.findings).toMatchObject([
      { harm: 'removed', chain: chains[0], segment: 1, line: 3, seq: 3, toSeq: 4 },
    ]);
    const altered = await after((audit) =>
      changeLines(segment(audit, 0, 1), (lines) => lines.with(3, lines[3]!.replace('call', 'gall'))),
    );
    expect(altered.findings).toMatchObject([
      { harm: 'altered', segment: 1, line: 4, seq: 4, correlationId: 'gall-3' },
    ]);
  });

  it('says which entries were reordered, within a segment and across', async () => {
    const lines = await after((audit) =>
      changeLines(segment(audit, 0, 1), (all) => all.with(2, all[3]!).with(3, all[2]!)),
    );
    expect(lines.findings).toMatchObject([{ harm: 'reordered', segment: 1, line: 4, seq: 3, toSeq: 3 }]);
    const segments = await after(async (audit) => {
      await rename(segment(audit, 0, 1), segment(audit, 0, 99));
      await rename(segment(audit, 0, 2), segment(audit, 0, 1));
      await rename(segment(audit, 0, 99), segment(audit, 0, 2));
    });
    expect(segments.findings).toContainEqual(
      expect.objectContaining({ harm: 'reordered', segment: 2, seq: 1 }),
    );
  });

  it('says that the last entries were cut off', async () => {
    const report = await after(async () => {
      await changeLines(await lastSegment(copy.path, chains[3]!), (lines) => lines.slice(0, -2));
    });
    expect(report.findings).toMatchObject([{ harm: 'truncated', chain: chains[3], seq: 2, toSeq: 3 }]);
  });

  it('finds that everything was removed but the key', async () => {
    await using data = await scratchFolder();
    await signingKeyIn(data.path);
    expect((await verifyFiles(data.path)).findings).toMatchObject([{ harm: 'removed' }]);
  });

  it('accepts chains of several keys, and with a pinned key only those of that one', async () => {
    await using data = await scratchFolder();
    const former = newSigningKey();
    const written: string[] = [];
    for (const key of [former, former, signingKey]) {
      const journal = await openFileJournal(data.path, { key });
      written.push(journal.chain);
      await journal.close();
    }
    const source = new FileSource(data.path);
    const any = await verifyJournal({ source });
    expect(any).toMatchObject({ valid: true, keys: [former.public.id, signingKey.public.id].toSorted() });
    // The end of a chain is signed once more by the process that comes next.
    const ours = await verifyJournal({ source, pinned: [signingKey.public] });
    expect(ours.findings).toMatchObject([{ harm: 'unsigned', chain: written[0] }]);
    const theirs = await verifyJournal({ source, pinned: [former.public] });
    expect(theirs.findings).toMatchObject([
      { harm: 'unsigned', chain: written[1] },
      { harm: 'unsigned', chain: written[2] },
    ]);
  });
});
