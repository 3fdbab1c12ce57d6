import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { body, openFileJournal, segmentPaths, verifyFiles, writeChain } from '../testing/journal-fixture.ts';

describe('a journal in files', () => {
  it('makes records durable in the order in which they came, and verifies', async () => {
    await using data = await scratchFolder();
    const chain = await writeChain(data.path, [1, 5, 3]);
    const report = await verifyFiles(data.path);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({
      valid: true,
      entries: 10,
      chains: [{ chain, state: 'closed', unsigned: 0 }],
    });
    const texts = await Promise.all(
      (await segmentPaths(data.path, chain)).map((path) => readFile(path, 'utf8')),
    );
    const ids = texts
      .join('')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { correlation_id?: string }).correlation_id);
    expect(ids).toEqual([undefined, ...Array.from({ length: 9 }, (_, n) => `call-${n + 1}`)]);
  });

  it('verifies while it is being written', async () => {
    await using data = await scratchFolder();
    const journal = await openFileJournal(data.path);
    for (let n = 0; n < 20; n++) await journal.append(body(n), undefined);
    const report = await verifyFiles(data.path);
    expect(report.findings).toEqual([]);
    expect(report.chains[0]).toMatchObject({ state: 'open', entries: 21 });
    await journal.close();
  });

  it('verifies at any moment under load, while segments come and go', async () => {
    await using data = await scratchFolder();
    await writeChain(data.path, [2]);
    const journal = await openFileJournal(data.path, { segmentBytes: 8 * 1024 });
    const enough = new AbortController();
    const callers = Array.from({ length: 16 }, async () => {
      while (!enough.signal.aborted) await journal.append(body('n'), undefined);
    });
    for (let n = 0; n < 20; n++) expect((await verifyFiles(data.path)).findings).toEqual([]);
    enough.abort();
    await Promise.all(callers);
    await journal.close();
    expect((await verifyFiles(data.path)).findings).toEqual([]);
  });

  it('begins a new segment each day', async () => {
    await using data = await scratchFolder();
    let now = Date.parse('2025-11-21T23:59:59Z');
    const journal = await openFileJournal(data.path, { segmentBytes: 1e9, now: () => now });
    await journal.append(body(1), undefined);
    now += 2000;
    await journal.append(body(2), undefined);
    await journal.append(body(3), undefined);
    await journal.close();
    const texts = await Promise.all(
      (await segmentPaths(data.path, journal.chain)).map((path) => readFile(path, 'utf8')),
    );
    expect(texts.map((text) => text.split('\n').length - 1)).toEqual([2, 2]);
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: 4 });
  });

  it('ties each chain to those before it', async () => {
    await using data = await scratchFolder();
    for (const size of [3, 0, 2]) await writeChain(data.path, [size]);
    expect(await verifyFiles(data.path)).toMatchObject({ valid: true, entries: 8 });
  });
});
