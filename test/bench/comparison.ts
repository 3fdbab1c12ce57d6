import { hundredths, type Figure, type Row } from './report.ts';
import type { Score } from './rounds.ts';

export function figureOf({ who, connections, requestsPerSecond, p50, p99, cpuUs }: Score): Figure {
  return {
    who,
    connections,
    requestsPerSecond: Math.round(requestsPerSecond),
    p50Ms: hundredths(p50),
    p99Ms: hundredths(p99),
    cpuUs: Math.round(cpuUs),
  };
}

/** A goal on what two contenders have measured under the same connections. */
export interface Comparison {
  readonly name: string;
  readonly ours: Score;
  readonly theirs: Score;
  /** What ours is to be, as a multiple of theirs. */
  readonly goal: { readonly least: number } | { readonly most: number } | 'for the record';
}

export function rateRow({ name, ours, theirs, goal }: Comparison): Row {
  return row({ name, unit: 'requests/s', goal }, ours.requestsPerSecond, theirs.requestsPerSecond);
}

export function p99Row({ name, ours, theirs, goal }: Comparison): Row {
  return row({ name, unit: 'ms', goal }, ours.p99, theirs.p99);
}

function row(
  { name, unit, goal }: Pick<Comparison, 'name' | 'goal'> & { unit: string },
  value: number,
  baseline: number,
): Row {
  const ratio = value / baseline;
  const reached = goal === 'for the record' || ('least' in goal ? ratio >= goal.least : ratio <= goal.most);
  return {
    name,
    value: hundredths(value),
    unit,
    baseline: hundredths(baseline),
    ratio: hundredths(ratio),
    goal: goal === 'for the record' ? goal : 'least' in goal ? `>= ${goal.least} x` : `<= ${goal.most} x`,
    ok: reached,
  };
}
