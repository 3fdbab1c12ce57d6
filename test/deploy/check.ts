/** What came of a check. `not checked` is what could not be asked from here, and says why: never taken for `passed`. */
export type Verdict = 'passed' | 'failed' | 'skipped' | 'not checked';

export interface Finding {
  readonly verdict: Verdict;
  /** Of a failure, each fault; of the others, what was looked at. */
  readonly says: readonly string[];
}

export interface Check {
  readonly name: string;
  readonly run: () => Promise<Finding>;
}

export interface Result extends Finding {
  readonly name: string;
  readonly seconds: number;
}

export function passed(...says: string[]): Finding {
  return { verdict: 'passed', says };
}

export function failed(...says: string[]): Finding {
  return { verdict: 'failed', says };
}

export function notChecked(...says: string[]): Finding {
  return { verdict: 'not checked', says };
}

/** Passed where there are no faults. */
export function without(faults: readonly string[], ...looked: string[]): Finding {
  return faults.length === 0 ? passed(...looked) : failed(...faults);
}

/** A check that throws has failed: a fault of the check is none of what it checks, and must be seen as well. */
export async function resultOf({ name, run }: Check): Promise<Result> {
  const started = performance.now();
  const finding = await run().catch((error: unknown) =>
    failed(error instanceof Error ? error.message : String(error)),
  );
  return { name, ...finding, seconds: (performance.now() - started) / 1000 };
}
