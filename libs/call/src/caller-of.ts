import type { Call } from './call.ts';
import type { Principal } from './principal.ts';

/** The identity stage lets nobody through to an operation with a permission without having set it. */
export function callerOf({ principal }: Call): Principal {
  return principal!;
}
