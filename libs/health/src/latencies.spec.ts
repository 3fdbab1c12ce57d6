import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { latenciesIn } from './latencies.ts';

function durations() {
  return new Histogram({
    name: 'durations',
    help: 'help',
    labelNames: ['door', 'operation', 'result'] as const,
    buckets: [0.001, 0.01, 0.1],
    registers: [new Registry()],
  });
}

describe('the latencies of a report', () => {
  it('are those of all calls, and of each operation at each door, the busiest first', async () => {
    const histogram = durations();
    const observe = (operation: string, result: string, seconds: number, times: number) => {
      for (let n = 0; n < times; n++) histogram.observe({ door: 'rest', operation, result }, seconds);
    };
    observe('slow', 'allowed', 0.05, 10);
    observe('quick', 'allowed', 0.0005, 80);
    observe('quick', 'refused', 0.0005, 10);
    const { all, operations } = latenciesIn(await histogram.get());
    expect(all).toMatchObject({ calls: 100, mean_ms: 5.45 });
    // Spread evenly within its bucket: rank 50 of the 90 below a millisecond, rank 95 in the middle of the last ten.
    expect(all.p50_ms).toBeCloseTo(0.556, 3);
    expect(all.p95_ms).toBeCloseTo(55, 3);
    expect(operations.map(({ operation, calls }) => [operation, calls])).toEqual([
      ['quick', 90],
      ['slow', 10],
    ]);
  });

  it('are nothing where nobody has called, and the last bound where all was slower', async () => {
    const histogram = durations();
    expect(latenciesIn(await histogram.get())).toEqual({
      all: { calls: 0, mean_ms: 0, p50_ms: 0, p95_ms: 0, p99_ms: 0 },
      operations: [],
    });
    histogram.observe({ door: 'mcp', operation: 'stuck', result: 'failed' }, 5);
    expect(latenciesIn(await histogram.get()).all).toMatchObject({ calls: 1, p50_ms: 100 });
  });
});
