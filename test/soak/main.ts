import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '#testing';
import { Child } from '../bench/child.ts';
import { run } from '../support/run.ts';
import { clients } from './clients.ts';
import { recordedCalls } from './records.ts';
import { Tally } from './tally.ts';

const USAGE = `npm run soak -- [--seconds N] [--json FILE]

  All doors under a steady load of good, bad and rude clients, for half an hour unless told. It fails when memory goes on
  growing, when a call stays without an answer, and when an answer has no record.
`;
const CLI = fileURLToPath(new URL('../../apps/cli/src/main.js', import.meta.url));
/** Until then the program may still grow: its caches fill, and its code is compiled. */
const WARM_UP = 0.25;
/** Of the memory that is left once its garbage is collected, from then to the end. */
const MOST_GROWTH = 1.25;
/** What a process takes and gives back by itself, however small it is. */
const SLACK_BYTES = 12 * 2 ** 20;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1800' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const seconds = Number(values.seconds);
if (values.help || !(seconds >= 5)) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-soak-'));
const key = randomBytes(24).toString('hex');
const ports = { http: await freePort(), ws: await freePort(), tcp: await freePort() };
const tally = new Tally();
let child: Child | undefined;
try {
  child = await Child.start('../../soak/server', {
    SOAK_DATA_DIR: dataDir,
    SOAK_KEY: key,
    SOAK_PORT: String(ports.http),
    SOAK_WS_PORT: String(ports.ws),
    SOAK_TCP_PORT: String(ports.tcp),
  });
  const end = performance.now() + seconds * 1000;
  const soaked = { key, ports, tally, isOver: () => performance.now() >= end };
  const load = Promise.all(clients.map((client) => client(soaked)));
  void load.catch((error: unknown) => tally.violation(`A client ended: ${String(error)}`));
  await sleep(seconds * 1000 * WARM_UP);
  const early = await child.memory();
  await load.catch(() => undefined);
  const late = await child.memory();
  await child.stop();

  const most = early.heapUsed * MOST_GROWTH + SLACK_BYTES;
  if (late.heapUsed > most) tally.violation(`Memory grew from ${early.heapUsed} to ${late.heapUsed} bytes`);
  const recorded = await recordedCalls(dataDir);
  for (const [door, answered] of Object.entries(tally.answered))
    if ((recorded[door] ?? 0) < answered)
      tally.violation(`${answered} answers over ${door}, and ${recorded[door] ?? 0} records`);
  const verified = await run(process.execPath, [CLI, 'audit', 'verify'], { env: { DATA_DIR: dataDir } });
  if (verified.code !== 0) tally.violation(`The trail is not whole: ${verified.out}${verified.err}`);

  const { answered, connections, refused, total, violations } = tally;
  const heapMb = [early, late].map(({ heapUsed }) => Math.round(heapUsed / 2 ** 20));
  const summary = { seconds, total, answered, recorded, connections, refused, heapMb, violations };
  if (values.json) writeFileSync(values.json, `${JSON.stringify(summary, null, 2)}\n`);
  console.log(JSON.stringify(summary, null, 2));
  process.exitCode = violations.length > 0 ? 1 : 0;
} finally {
  await child?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
