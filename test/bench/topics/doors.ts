import { freePort } from '#testing';
import { Child } from '../child.ts';
import { loadOf, median } from '../load.ts';
import { DoorLoad } from '../door-load.ts';
import { hundredths, type Measured, type Row } from '../report.ts';
import { echoCall, MODERN, SAYS } from '../rounds.ts';
import type { TopicOptions } from '../topic.ts';

const SECONDS = 2;
/** Calls on their way at a time: over HTTP on as many connections, on one of the others all of them. */
const PIPELINED = 32;
const IDLE = 5_000;
const IDLE_BEFORE = 500;
const MOST_IDLE_KB = 25;
const DOORS = ['ws', 'tcp'] as const;

/** Calls on one WebSocket and one TCP connection, against as many at a time over HTTP; and what rests. */
export async function doors({ rounds, seconds = SECONDS }: TopicOptions): Promise<Measured> {
  const ports = { ws: await freePort(), tcp: await freePort() };
  const env = { BENCH_WS_PORT: String(ports.ws), BENCH_TCP_PORT: String(ports.tcp) };
  const child = await Child.start('gatehouse', env);
  try {
    const loads = { http: [] as number[], ws: [] as number[], tcp: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      process.stderr.write(`doors: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}\n`);
      const http = await overHttp(child, seconds);
      if (round > 0) loads.http.push(http);
      for (const door of DOORS) {
        const connection = await DoorLoad.open(door, ports[door], child.keys[0]!);
        const rate = await connection.rate({ pipelined: PIPELINED, seconds });
        connection.close();
        if (round > 0) loads[door].push(rate);
      }
    }
    const rows = DOORS.map((door) => rateRow(door, median(loads[door]), median(loads.http)));
    const figures = Object.entries(loads).map(([who, rates]) => ({
      who,
      pipelined: PIPELINED,
      requestsPerSecond: Math.round(median(rates)),
    }));
    return { figures, rows: [...rows, await idleRow(child, ports.ws)] };
  } finally {
    await child.stop();
  }
}

async function overHttp(child: Child, seconds: number): Promise<number> {
  const { headers, bodyOf } = echoCall(MODERN);
  const all = { ...headers, ...child.headers };
  const load = { port: child.port, headers: all, bodyOf, expected: SAYS, connections: PIPELINED, seconds };
  return (await loadOf(load)).requestsPerSecond;
}

function rateRow(door: string, value: number, baseline: number): Row {
  const ratio = value / baseline;
  return {
    name: `doors/${door}-vs-http-pipelined-${PIPELINED}`,
    value: hundredths(value),
    unit: 'requests/s',
    baseline: hundredths(baseline),
    ratio: hundredths(ratio),
    goal: '>= 1 x',
    ok: ratio >= 1,
  };
}

async function idleRow(child: Child, port: number): Promise<Row> {
  process.stderr.write(`doors: ${IDLE} idle WebSockets\n`);
  const open = (count: number) => DoorLoad.openMany({ door: 'ws', port, key: child.keys[0]!, count });
  // Some before, that are closed: what a program needs once, to have any, is not what they cost.
  for (const one of await open(IDLE_BEFORE)) one.close();
  const before = await child.memory();
  const idle = await open(IDLE);
  const after = await child.memory();
  for (const one of idle) one.close();
  const heapKb = (after.heapUsed - before.heapUsed) / IDLE / 1024;
  const residentKb = (after.rss - before.rss) / IDLE / 1024;
  const value = Math.max(heapKb, residentKb);
  return {
    name: 'doors/idle-websocket',
    value: hundredths(value),
    unit: 'KB',
    baseline: null,
    ratio: null,
    goal: `<= ${MOST_IDLE_KB} KB (of ${IDLE}; heap ${hundredths(heapKb)}, resident ${hundredths(residentKb)})`,
    ok: value <= MOST_IDLE_KB,
  };
}
