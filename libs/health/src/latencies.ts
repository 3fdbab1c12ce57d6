import type { Histogram } from 'prom-client';

/** How long calls took, in milliseconds; percentiles as far as the histogram's buckets tell. */
export interface Latency {
  calls: number;
  mean_ms: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

export interface OperationLatency extends Latency {
  door: string;
  operation: string;
}

interface Counts {
  /** Calls that took at most so long, by seconds. */
  readonly buckets: Map<number, number>;
  sum: number;
  calls: number;
}

type Durations = Awaited<ReturnType<Histogram<'door' | 'operation' | 'result'>['get']>>;

/** All calls together, and each operation at each door, the busiest first. */
export function latenciesIn({ values }: Durations): { all: Latency; operations: OperationLatency[] } {
  const all = noCounts();
  const byPlace = new Map<string, Counts & { door: string; operation: string }>();
  for (const { labels, value, metricName = '' } of values) {
    const { door = '', operation = '', le } = labels as Record<string, string | number | undefined>;
    const place = `${door} ${operation}`;
    let counts = byPlace.get(place);
    if (!counts)
      byPlace.set(place, (counts = { ...noCounts(), door: String(door), operation: String(operation) }));
    for (const one of [all, counts]) add(one, { value, metricName, le });
  }
  const operations = [...byPlace.values()].map((counts) => ({
    door: counts.door,
    operation: counts.operation,
    ...latencyOf(counts),
  }));
  return { all: latencyOf(all), operations: operations.toSorted((a, b) => b.calls - a.calls) };
}

function noCounts(): Counts {
  return { buckets: new Map(), sum: 0, calls: 0 };
}

function add(
  counts: Counts,
  { value, metricName, le }: { value: number; metricName: string; le: string | number | undefined },
): void {
  if (metricName.endsWith('_sum')) counts.sum += value;
  else if (metricName.endsWith('_count')) counts.calls += value;
  else if (le !== undefined) {
    const bound = le === '+Inf' ? Infinity : Number(le);
    counts.buckets.set(bound, (counts.buckets.get(bound) ?? 0) + value);
  }
}

function latencyOf(counts: Counts): Latency {
  const { sum, calls } = counts;
  return {
    calls,
    mean_ms: calls === 0 ? 0 : milliseconds(sum / calls),
    p50_ms: milliseconds(quantile(counts, 0.5)),
    p95_ms: milliseconds(quantile(counts, 0.95)),
    p99_ms: milliseconds(quantile(counts, 0.99)),
  };
}

/** As Prometheus' histogram_quantile: evenly spread within a bucket; in the last one, its lower bound. */
function quantile({ buckets, calls }: Counts, share: number): number {
  const rank = share * calls;
  let [lower, before] = [0, 0];
  for (const [bound, count] of [...buckets].sort(([a], [b]) => a - b)) {
    if (count >= rank && count > before) {
      return bound === Infinity ? lower : lower + ((bound - lower) * (rank - before)) / (count - before);
    }
    [lower, before] = [bound, count];
  }
  return 0;
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1000;
}
