import { Child } from '../child.ts';
import { loadOf } from '../load.ts';
import { echoCall, MODERN, SAYS } from '../rounds.ts';
import { hundredths, type Measured, type Row } from '../report.ts';
import type { Memory } from '../servers/ready.ts';
import type { TopicOptions } from '../topic.ts';
import { SessionOpener } from '../session-opener.ts';

const SECONDS = 300;
/** The part of the time after which memory is measured first. */
const FIRST = 0.2;
const CONNECTIONS = 32;
const MOST_GROWTH = 1.2;

const SESSIONS = 10_000;
const SESSIONS_BEFORE = 1000;
const SESSIONS_PER_CLIENT = 1000;
const MOST_SESSION_KB = 20;

const MB = 2 ** 20;

/** What the program holds: after a long load against a short one, and for sessions of clients of 2025 that rest. */
export async function memory({ seconds = SECONDS }: TopicOptions): Promise<Measured> {
  const load = await underLoad(seconds);
  const sessions = await forSessions();
  return { figures: [...load.figures, ...sessions.figures], rows: [...load.rows, ...sessions.rows] };
}

async function underLoad(seconds: number): Promise<Measured> {
  const child = await Child.start('gatehouse');
  try {
    const [early, late] = [seconds * FIRST, seconds];
    const first = await afterLoad(child, early);
    const last = await afterLoad(child, late - early);
    const ratio = last.rss / first.rss;
    const row: Row = {
      name: 'memory/growth',
      value: hundredths(last.rss / MB),
      unit: 'MB',
      baseline: hundredths(first.rss / MB),
      ratio: hundredths(ratio),
      goal: `<= ${MOST_GROWTH} x (resident, after ${late} s of load against ${early} s)`,
      ok: ratio <= MOST_GROWTH,
    };
    const figures = [figureOf(`after ${early} s of load`, first), figureOf(`after ${late} s of load`, last)];
    return { figures, rows: [row] };
  } finally {
    await child.stop();
  }
}

async function afterLoad(child: Child, seconds: number): Promise<Memory> {
  process.stderr.write(`memory: ${seconds} s of load\n`);
  const { headers, bodyOf } = echoCall(MODERN);
  await loadOf({
    port: child.port,
    headers: { ...headers, ...child.headers },
    bodyOf,
    expected: SAYS,
    connections: CONNECTIONS,
    seconds,
  });
  return child.memory();
}

async function forSessions(): Promise<Measured> {
  const env = {
    BENCH_KEYS: String(SESSIONS / SESSIONS_PER_CLIENT),
    BENCH_SESSIONS_PER_CLIENT: String(SESSIONS_PER_CLIENT),
  };
  const child = await Child.start('gatehouse', env);
  const opener = new SessionOpener(child);
  try {
    process.stderr.write(`memory: ${SESSIONS} sessions\n`);
    // Some before, that are ended: what a program needs once, to open any, is not what they cost.
    await opener.end(await opener.open(SESSIONS_BEFORE));
    const before = await child.memory();
    const sessions = await opener.open(SESSIONS);
    const after = await child.memory();
    await opener.end(sessions); // Throws for one that was not there any more.
    const heapKb = (after.heapUsed - before.heapUsed) / SESSIONS / 1024;
    const residentKb = (after.rss - before.rss) / SESSIONS / 1024;
    const value = Math.max(heapKb, residentKb);
    const row: Row = {
      name: 'memory/idle-session',
      value: hundredths(value),
      unit: 'KB',
      baseline: null,
      ratio: null,
      goal: `<= ${MOST_SESSION_KB} KB (of ${SESSIONS}; heap ${hundredths(heapKb)}, resident ${hundredths(residentKb)})`,
      ok: value <= MOST_SESSION_KB,
    };
    const figures = [figureOf('before sessions', before), figureOf(`with ${SESSIONS} sessions`, after)];
    return { figures, rows: [row] };
  } finally {
    await child.stop();
  }
}

function figureOf(who: string, { rss, heapUsed, external }: Memory): Measured['figures'][number] {
  return { who, residentMb: inMb(rss), heapMb: inMb(heapUsed), externalMb: inMb(external) };
}

function inMb(bytes: number): number {
  return Math.round(bytes / MB);
}
