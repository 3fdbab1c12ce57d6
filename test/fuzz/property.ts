import type { Arbitrary } from 'fast-check';
import type { FuzzHouse } from './house/open-house.ts';

/** Something that holds whatever comes. */
export interface FuzzProperty<T = unknown> {
  /** For `--only`. */
  readonly name: string;
  readonly what: string;
  readonly arbitrary: Arbitrary<T>;
  /** Runs of one round: about a second. */
  readonly runs: number;
  /** Throws where it does not hold. */
  readonly check: (value: T, house: FuzzHouse) => Promise<void>;
}

/** A property whose values nobody else has to know the type of. */
export function property<T>(options: FuzzProperty<T>): FuzzProperty {
  return options as unknown as FuzzProperty;
}
