import type { Operation, Principal } from '#call';
import { Hidden } from '#errors';
import { maySee, refusalFor, refusalOf } from './grants.ts';

/**
 * Of what a message names beside what it asks for, such as the prompt whose argument is to be completed: the same answer
 * as if that had been asked for.
 * @param absent what is said of a thing that is not there, to the letter
 * @throws Hidden, AccessRefused, SecondFactorRequired
 */
export function requireMay(principal: Principal | undefined, operation: Operation, absent: string): void {
  if (!maySee(principal, operation)) throw new Hidden(absent, refusalOf(operation));
  const refusal = refusalFor(principal, operation);
  if (refusal) throw refusal;
}
