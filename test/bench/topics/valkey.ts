import { readConfig } from '#config';
import { freePort, ValkeyServer } from '#testing';
import { ValkeyThrottleStore, type LimitClaim } from '#throttle';
import { serverAddress, StateConnection, valkeyConfig } from '#valkey';
import { figureOf, rateRow } from '../comparison.ts';
import { atMost, hundredths, type Figure, type Measured } from '../report.ts';
import { MODERN, scoresOf, type Score } from '../rounds.ts';
import type { TopicOptions } from '../topic.ts';

const CHECKS = 6_000;
const WARM_UP = 2_000;
const LOAD_SECONDS = 2;

/** As many as a call can have: of a tier by the minute and by the hour, an address, everybody, an operation. */
const claims: readonly LimitClaim[] = [
  ['tier-minute:pro', 60_000],
  ['tier-hour:pro', 3_600_000],
  ['address', 300_000],
  ['global', 60_000],
  ['operation:echo', 60_000],
].map(([id, windowMs]) => ({
  limit: { id: String(id), name: String(id), max: 10_000_000, windowMs: Number(windowMs) },
  subject: 'bench',
}));

/**
 * What it costs that all replicas share one Valkey: a check of five limits over loopback, and guarded tool calls beside
 * a Valkey, beside one that is dead, and without.
 */
export async function valkey({ rounds, seconds = LOAD_SECONDS }: TopicOptions): Promise<Measured> {
  const server = await ValkeyServer.start();
  try {
    const checks = await limitChecks(server);
    const calls = await guardedCalls(server, { rounds, seconds });
    return { figures: [...checks.figures, ...calls.figures], rows: [...checks.rows, ...calls.rows] };
  } finally {
    await server.remove();
  }
}

async function limitChecks(server: ValkeyServer): Promise<Measured> {
  const settings = readConfig(valkeyConfig, { VALKEY_URL: server.url });
  const address = serverAddress(server.url, settings);
  const connection = new StateConnection({ ...settings, name: 'state', address });
  await connection.open();
  try {
    const store = new ValkeyThrottleStore({ connection });
    await timesOf(WARM_UP, () => store.decide(claims), 1);
    const one = await timesOf(CHECKS, () => store.decide(claims), 1);
    const many = await timesOf(CHECKS, () => store.decide(claims), 64);
    await server.kill();
    while (connection.up) await new Promise((resolve) => setTimeout(resolve, 10));
    const dead = await timesOf(CHECKS, () => store.decide(claims).catch(() => undefined), 1);
    await server.restart();
    return {
      figures: [
        figure('check of 5 limits, 1 caller', one),
        figure('check of 5 limits, 64 callers that never rest', many),
        figure('check, while Valkey is dead', dead),
      ],
      rows: [
        atMost('valkey/limit-check-p95', quantile(one, 0.95), 'ms', 0.5),
        atMost('valkey/dead-check-p50', quantile(dead, 0.5) * 1000, 'us', 50),
      ],
    };
  } finally {
    connection.close();
  }
}

/** Milliseconds of so many runs, sorted. */
async function timesOf(runs: number, run: () => Promise<unknown>, callers: number): Promise<number[]> {
  const times: number[] = [];
  let left = runs;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const begun = performance.now();
      await run();
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return times.sort((a, b) => a - b);
}

function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)]!;
}

function figure(who: string, times: readonly number[]): Figure {
  const thousandths = (part: number) => Math.round(quantile(times, part) * 1000) / 1000;
  return { who, p50Ms: thousandths(0.5), p95Ms: thousandths(0.95), p99Ms: hundredths(quantile(times, 0.99)) };
}

async function guardedCalls(server: ValkeyServer, times: Required<TopicOptions>): Promise<Measured> {
  const scores = await scoresOf({
    topic: 'valkey',
    contenders: [
      { who: 'memory', server: 'gatehouse' },
      { who: 'valkey', server: 'gatehouse', env: { BENCH_VALKEY_URL: server.url } },
      {
        who: 'dead-valkey',
        server: 'gatehouse',
        env: { BENCH_VALKEY_URL: `redis://127.0.0.1:${await freePort()}` },
      },
    ],
    connections: [64],
    revision: MODERN,
    ...times,
  });
  const of = (who: string): Score => scores.find((score) => score.who === who)!;
  return {
    figures: scores.map(figureOf),
    rows: [
      rateRow({ name: 'valkey/calls', ours: of('valkey'), theirs: of('memory'), goal: { least: 0.45 } }),
      rateRow({
        name: 'valkey/calls-dead',
        ours: of('dead-valkey'),
        theirs: of('memory'),
        goal: { least: 0.9 },
      }),
    ],
  };
}
