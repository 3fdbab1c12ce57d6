import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { postgresqlServer, scratchFolder } from '#testing';
import type { Outcome } from './chaos/report.ts';
import { ROOT } from './support/root.ts';
import { run } from './support/run.ts';

const CHAOS = join(ROOT, 'dist/test/chaos/main.js');
/** A round of most faults; `npm run chaos` goes on for as long as it is told. */
const SECONDS = 25;
const SEED = 1;
const PATIENCE_MS = 220_000;
const TIMEOUT_MS = 240_000;

describe('three gateways under load, while what they share breaks in every way', () => {
  it(
    'keep their limits, lose no request and no record, and recover by themselves',
    { timeout: TIMEOUT_MS },
    async () => {
      await using folder = await scratchFolder();
      const json = join(folder.path, 'outcome.json');
      const { code, out, err } = await run(
        process.execPath,
        [CHAOS, '--seconds', String(SECONDS), '--seed', String(SEED), '--json', json],
        {
          env: { TEST_DATABASE_URL: await postgresqlServer() },
          interruption: sleep(PATIENCE_MS, undefined, { ref: false }),
        },
      );
      if (code !== 0) throw new Error(`It ended with ${code}:\n${out}${err}`);
      const outcome = JSON.parse(await readFile(json, 'utf8')) as Outcome;
      expect(outcome).toMatchObject({ violations: [], wronglyAdmitted: 0, requests: { lost: 0 } });
      // Else it proves nothing.
      expect(Object.keys(outcome.faults).length).toBeGreaterThan(2);
      const untried = Object.entries(outcome.fullest).filter(([, { shared, max }]) => shared < max / 2);
      expect(untried).toEqual([]);
    },
  );
});
