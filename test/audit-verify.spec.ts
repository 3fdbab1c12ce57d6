import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '#audit';
import { databases, scratchFolder, type ScratchFolder } from '#testing';
import { EchoModule } from './fixtures/echo.module.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';
import { gatehouse } from './support/run.ts';

/** Enough for two segments of 1 MiB. */
const CALLS = 2_400;
const CALLERS = 16;

interface Entry {
  seq: number;
  correlation_id?: string;
}

/** What somebody does to the journal; answers what the verifier must say of it. */
type Tampering = (journal: Segments) => { harm: string; entry: Entry };

const tamperings: [string, Tampering][] = [
  [
    'one byte is changed',
    (journal) => {
      const line = journal.first[20]!;
      journal.write('first', journal.first.with(20, line.replace('"result":"a', '"result":"A')));
      return { harm: 'altered', entry: entryOf(line) };
    },
  ],
  [
    'one line is removed',
    (journal) => {
      journal.write('first', journal.first.toSpliced(30, 1));
      return { harm: 'removed', entry: { seq: entryOf(journal.first[30]!).seq } };
    },
  ],
  [
    'two lines are swapped',
    (journal) => {
      const [one, other] = [journal.first[40]!, journal.first[41]!];
      journal.write('first', journal.first.with(40, other).with(41, one));
      return { harm: 'reordered', entry: { seq: entryOf(one).seq } };
    },
  ],
  [
    'the last line is cut off',
    (journal) => {
      journal.write('last', journal.last.slice(0, -1));
      return { harm: 'truncated', entry: { seq: entryOf(journal.last.at(-1)!).seq } };
    },
  ],
  [
    'the last line is cut in its middle',
    (journal) => {
      journal.cut('last', 100);
      return { harm: 'truncated', entry: { seq: entryOf(journal.last.at(-1)!).seq } };
    },
  ],
  [
    'the first segment is removed',
    (journal) => {
      journal.remove('first');
      return { harm: 'removed', entry: { seq: 1 } };
    },
  ],
  [
    'the last segment is removed',
    (journal) => {
      journal.remove('last');
      return { harm: 'truncated', entry: { seq: entryOf(journal.last[0]!).seq } };
    },
  ],
];

describe('gatehouse audit verify', () => {
  let gateway: TestGateway;
  let closed: ScratchFolder;

  beforeAll(async () => {
    closed = await scratchFolder();
    const env = { AUDIT_SEGMENT_MIB: '1' };
    gateway = await bootGateway(databases[0]!, { features: [EchoModule], env });
    let left = CALLS;
    await callMany(() => left-- > 0);
  });
  afterAll(() => closed.remove());

  async function callMany(again: () => boolean): Promise<void> {
    const caller = async (): Promise<void> => {
      while (again()) await gateway.client.rest('/echo', { body: { text: 'a' } });
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  }

  it('says that the journal of a gateway that is answering is valid, and so when it has stopped', async () => {
    const done = new AbortController();
    const [running] = await Promise.all([
      verify(gateway.dataDir).finally(() => done.abort()),
      callMany(() => !done.signal.aborted),
    ]);
    expect(running).toMatchObject({ code: 0, valid: true, findings: [], chains: [{ state: 'open' }] });

    await gateway.gateway.close();
    for (const name of ['audit', 'audit-signing-key.pem'])
      cpSync(join(gateway.dataDir, name), join(closed.path, name), { recursive: true });
    await gateway.close();
    const stopped = await verify(closed.path);
    expect(stopped).toMatchObject({ code: 0, valid: true, chains: [{ state: 'closed', unsigned: 0 }] });
    expect(stopped.entries).toBeGreaterThan(CALLS);
    expect(stopped.chains[0]!.segments).toBeGreaterThan(1);
  });

  it.each(tamperings)('fails and names the entry when %s', async (_, tamper) => {
    await using copy = await scratchFolder();
    cpSync(closed.path, copy.path, { recursive: true });
    const { harm, entry } = tamper(new Segments(copy.path));
    const { code, valid, findings } = await verify(copy.path);
    expect({ code, valid }).toEqual({ code: 1, valid: false });
    const named = { seq: entry.seq, ...(entry.correlation_id && { correlationId: entry.correlation_id }) };
    expect(findings).toContainEqual(expect.objectContaining({ harm, ...named }));
  });
});

/** `gatehouse audit verify`, as an auditor runs it. */
async function verify(dataDir: string): Promise<Report & { code: number | string }> {
  const { code, out } = await gatehouse(['audit', 'verify', '--data-dir', dataDir, '--json']);
  return { code, ...(JSON.parse(out) as Report) };
}

function entryOf(line: string): Entry {
  return JSON.parse(line) as Entry;
}

/** The first and the last segment of the one chain of a journal, as lines. */
class Segments {
  readonly #paths: { first: string; last: string };
  readonly first: readonly string[];
  readonly last: readonly string[];

  constructor(dataDir: string) {
    const journal = join(dataDir, 'audit');
    const chain = join(
      journal,
      readdirSync(journal).find((name) => name !== 'checkpoints')!,
    );
    const files = readdirSync(chain).toSorted();
    this.#paths = { first: join(chain, files[0]!), last: join(chain, files.at(-1)!) };
    this.first = readLines(this.#paths.first);
    this.last = readLines(this.#paths.last);
  }

  write(which: 'first' | 'last', lines: readonly string[]): void {
    writeFileSync(this.#paths[which], lines.map((line) => `${line}\n`).join(''));
  }

  /** Takes bytes off its end. */
  cut(which: 'first' | 'last', bytes: number): void {
    truncateSync(this.#paths[which], statSync(this.#paths[which]).size - bytes);
  }

  remove(which: 'first' | 'last'): void {
    rmSync(this.#paths[which]);
  }
}

function readLines(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}
