import fc from 'fast-check';
import type { FuzzHouse } from './house/open-house.ts';
import type { FuzzProperty } from './property.ts';

/** A value for which a property does not hold, made as small as could be. */
export interface Violation {
  readonly property: string;
  readonly what: string;
  readonly counterexample: string;
  readonly error: string;
  /** What to run to see it again. */
  readonly replay: string;
}

export interface RoundOptions {
  readonly seed: number;
  readonly runs?: number | undefined;
  /** Of a value that was found before, in place of all others. */
  readonly path?: string | undefined;
  readonly before?: (value: unknown) => void;
}

export interface Round {
  readonly runs: number;
  readonly violation: Violation | undefined;
}

/** Making a value small is given up after that. */
const SHRINK_LIMIT_MS = 60_000;

/** One property, held against as many values as one round has. */
export async function runRound(
  { name, what, arbitrary, check, ...property }: FuzzProperty,
  house: FuzzHouse,
  { seed, runs = property.runs, path, before }: RoundOptions,
): Promise<Round> {
  const held = fc.asyncProperty(arbitrary, async (value) => {
    before?.(value);
    await check(value, house);
  });
  const details = await fc.check(held, {
    seed,
    numRuns: runs,
    ...(path !== undefined && { path }),
    interruptAfterTimeLimit: SHRINK_LIMIT_MS,
    markInterruptAsFailure: false,
  });
  if (!details.failed) return { runs: details.numRuns, violation: undefined };
  const { counterexample, counterexamplePath, errorInstance } = details;
  return {
    runs: details.numRuns,
    violation: {
      property: name,
      what,
      counterexample: fc.stringify(counterexample?.[0]),
      error:
        errorInstance instanceof Error
          ? (errorInstance.stack ?? errorInstance.message)
          : String(errorInstance),
      replay: `npm run fuzz -- --only ${name} --seed ${seed} --path ${counterexamplePath}`,
    },
  };
}
