/** How good a ranking is: ids, best first, against the ids that a person judged relevant. */
export type Measure = (ranked: readonly string[], relevant: ReadonlySet<string>) => number;

/** Normalised discounted cumulative gain of the first k, each relevant one gaining 1 (Järvelin & Kekäläinen 2002). */
export function ndcg(k: number): Measure {
  return (ranked, relevant) => {
    const gain = ranked.slice(0, k).reduce((sum, id, i) => sum + (relevant.has(id) ? discount(i) : 0), 0);
    const ideal = Array.from({ length: Math.min(k, relevant.size) }, (_, i) => discount(i)).reduce(
      (sum, one) => sum + one,
      0,
    );
    return ideal === 0 ? 0 : gain / ideal;
  };
}

function discount(place: number): number {
  return 1 / Math.log2(place + 2);
}

/** Mean of the precision at each relevant one; those that were not found count as 0. */
export const averagePrecision: Measure = (ranked, relevant) => {
  let found = 0;
  let sum = 0;
  for (const [place, id] of ranked.entries()) {
    if (relevant.has(id)) sum += ++found / (place + 1);
  }
  return relevant.size === 0 ? 0 : sum / relevant.size;
};

/** Share of the relevant that are among the first k. */
export function recall(k: number): Measure {
  return (ranked, relevant) =>
    relevant.size === 0 ? 0 : ranked.slice(0, k).filter((id) => relevant.has(id)).length / relevant.size;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value that this share of them does not exceed (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
