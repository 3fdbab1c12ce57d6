import { isRefused, type LoggedCall } from './call-log.ts';
import type { Fullest } from './limit-checks.ts';
import type { Violations } from './violations.ts';

/** What a run has come to. */
export interface Outcome {
  seed: number;
  /** How often each fault was injected. */
  faults: Record<string, number>;
  requests: {
    sent: number;
    answered: number;
    /** Of those answered. */
    refused: number;
    /** Cut off, because their gateway was killed or they came from an address that is blocked. */
    excused: number;
    lost: number;
  };
  admitted: number;
  wronglyAdmitted: number;
  fullest: Record<string, Fullest>;
  /** Turns to shares that no fault explains, as on a machine that has no time for Valkey. */
  unexplainedDivisions: number;
  /** Milliseconds from the end of a fault until all share again. */
  recovery: Latency;
  latency: { shared: Latency; divided: Latency };
  violations: readonly string[];
  violationCount: number;
}

/** Milliseconds. */
export interface Latency {
  p50: number;
  p99: number;
  max: number;
}

export function latencyOf(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** What the log of all calls says by itself. */
export function requestsOf(calls: readonly LoggedCall[], violations: Violations): Outcome['requests'] {
  const sent = calls.filter(({ kind }) => kind !== 'connect');
  const answered = sent.filter(({ status }) => status !== undefined).length;
  return {
    sent: sent.length,
    answered,
    refused: sent.filter(isRefused).length,
    excused: sent.filter(({ status, excused }) => status === undefined && excused).length,
    lost: violations.count('lost'),
  };
}

export function latencies(calls: readonly LoggedCall[]): Outcome['latency'] {
  const of = (isDivided: boolean) =>
    latencyOf(
      calls
        .filter(({ status, divided }) => status !== undefined && divided === isDivided)
        .map(({ asked, ended }) => ended - asked),
    );
  return { shared: of(false), divided: of(true) };
}

function ms({ p50, p99, max }: Latency): string {
  return `p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms`;
}

/** For people; the totals last. */
export function describe(outcome: Outcome): string {
  const { faults, requests, latency, recovery, violations, violationCount } = outcome;
  const kinds = Object.entries(faults).map(([name, count]) => `${name} ${count}`);
  const injected = Object.values(faults).reduce((sum, count) => sum + count, 0);
  const fullest = Object.entries(outcome.fullest).map(
    ([name, { max, shared, troubled }]) =>
      `${name} ${shared} of ${max}${troubled ? `, in trouble ${troubled}` : ''}`,
  );
  const more = violationCount - violations.length;
  const times: [string, Latency][] = [
    ['latency', latency.shared],
    ['latency, alone', latency.divided],
    ['recovery', recovery],
  ];
  const rows: [string, number | string, string?][] = [
    ...times.filter(([, { max }]) => max > 0).map(([name, time]): [string, string] => [name, ms(time)]),
    ['fullest window', fullest.join('; ')],
    ['turns unexplained', outcome.unexplainedDivisions],
    ['faults injected', injected, kinds.join(', ')],
    ['requests sent', requests.sent],
    ['answered', requests.answered],
    ['  refused', requests.refused],
    ['  within limits', outcome.admitted],
    ['cut off', requests.excused, 'by a fault: their gateway was killed, their address was blocked'],
    ['lost', requests.lost],
    ['wrongly admitted', outcome.wronglyAdmitted],
  ];
  return [
    ...violations.map((violation) => `✗ ${violation}`),
    ...(more > 0 ? [`✗ … and ${more} more`] : []),
    ...rows.map(([name, value, note]) => `${name.padEnd(20)}${value}${note ? `  (${note})` : ''}`),
    violationCount === 0 ? 'all held' : `VIOLATED: ${violationCount}`,
    '',
  ].join('\n');
}
