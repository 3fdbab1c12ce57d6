import { InvalidInput } from '#errors';
import type { Params } from './message.ts';

/** Of what a client declares that it can do, as JSON: it is kept for as long as its session, or its task. */
const MOST_CHARACTERS = 8192;

/** Throws INVALID_INPUT for capabilities beyond all measure. */
export function checkDeclared(capabilities: Params): void {
  if (JSON.stringify(capabilities).length <= MOST_CHARACTERS) return;
  const message = `must be ${MOST_CHARACTERS} characters of JSON at most`;
  throw new InvalidInput('The capabilities are too long', [{ path: '/capabilities', message }]);
}
