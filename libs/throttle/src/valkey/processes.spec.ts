import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { useValkey } from '#testing';

const run = promisify(execFile);
const program = fileURLToPath(
  new URL('../../../../dist/libs/throttle/src/testing/hammer.js', import.meta.url),
);
const PROCESSES = 4;

interface Hammered {
  /** Milliseconds: a call was counted at some time between the two. */
  admitted: [asked: number, answered: number][];
  refused: number;
}

describe('four processes that hammer one limit', () => {
  const valkey = useValkey();

  it.each([
    { kind: 'exactly', max: 100, windowMs: 2_000 },
    { kind: 'in slots', max: 1_500, windowMs: 2_000 },
  ])(
    'are never let through more often than $max times in any window, counted $kind',
    async ({ max, windowMs }) => {
      const lifeMs = 3.4 * windowMs;
      const args = [program, valkey().url, max, windowMs, lifeMs].map(String);
      const outputs = await Promise.all(
        Array.from({ length: PROCESSES }, () => run(process.execPath, args, { timeout: 60_000 })),
      );
      const told = outputs.map(({ stdout }) => JSON.parse(stdout) as Hammered);
      const admitted = told.flatMap((one) => one.admitted).sort(([a], [b]) => a - b);

      for (const [from] of admitted) {
        const inWindow = admitted.filter(([asked, answered]) => asked >= from && answered < from + windowMs);
        expect(inWindow.length).toBeLessThanOrEqual(max);
      }
      expect(told.every(({ admitted: own, refused }) => own.length > 0 && refused > 0)).toBe(true);
      // Three windows fit.
      expect(admitted.length).toBeGreaterThan(3 * max);
    },
  );
});
