import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '#testing';
import { segmentPaths, verifyFiles } from '../testing/journal-fixture.ts';
import type { Report } from '../verify/verify-journal.ts';

const PROGRAM = fileURLToPath(
  new URL('../../../../dist/libs/audit/src/testing/append-until-killed.js', import.meta.url),
);
const ROUNDS = 15;
/** Each of them leaves many chains. */
const TURNING_ROUNDS = 5;
const MAX_LIFE_MS = 250;

/** Answers the numbers that the process promised before it was killed. */
async function appendUntilKilled(dataDir: string, first: number, ...how: string[]): Promise<number[]> {
  const child = spawn(process.execPath, [PROGRAM, dataDir, String(first), ...how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let promised = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => (promised += text));
  await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), Math.random() * MAX_LIFE_MS);
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return promised.split('\n').slice(0, -1).map(Number);
}

/** The numbers of all records. */
async function keptIn(dataDir: string, { chains }: Report): Promise<number[]> {
  const texts: string[] = [];
  for (const { chain } of chains) {
    for (const path of await segmentPaths(dataDir, chain)) texts.push(await readFile(path, 'utf8'));
  }
  const numbers = texts.join('').match(/(?<="call-)\d+(?=".*\n)/g) ?? [];
  return numbers.map(Number);
}

describe('a process that is killed while it writes', () => {
  it(`keeps every promise, ${ROUNDS} times in a row, and leaves chains that verify`, async () => {
    await using data = await scratchFolder();
    const promised: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      promised.push(...(await appendUntilKilled(data.path, round * 1_000_000)));
      // Before the next process has looked at what was left, and after.
      expect((await verifyFiles(data.path)).findings).toEqual([]);
    }
    const report = await verifyFiles(data.path);
    expect(report.chains.map(({ state }) => state)).toEqual([
      ...Array.from({ length: ROUNDS - 1 }, () => 'recovered'),
      'open',
    ]);
    const kept = new Set(await keptIn(data.path, report));
    expect(promised.length).toBeGreaterThan(ROUNDS * 32);
    expect(promised.filter((n) => !kept.has(n))).toEqual([]);
  }, 120_000);

  it(`does so while its signing key rotates, ${TURNING_ROUNDS} times in a row, and no record is there twice`, async () => {
    await using data = await scratchFolder();
    const promised: number[] = [];
    for (let round = 0; round < TURNING_ROUNDS; round++) {
      promised.push(...(await appendUntilKilled(data.path, round * 1_000_000, 'turning')));
      expect((await verifyFiles(data.path)).findings).toEqual([]);
    }
    const report = await verifyFiles(data.path);
    expect(report.keys.length).toBeGreaterThan(TURNING_ROUNDS);
    const all = await keptIn(data.path, report);
    const kept = new Set(all);
    expect(all).toHaveLength(kept.size);
    expect(promised.filter((n) => !kept.has(n))).toEqual([]);
  }, 120_000);
});
