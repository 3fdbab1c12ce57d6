import type { ExecutionContext, Type } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
// Not in the package's index, though its decorators write under these names.
import {
  THROTTLER_BLOCK_DURATION,
  THROTTLER_KEY_GENERATOR,
  THROTTLER_LIMIT,
  THROTTLER_SKIP,
  THROTTLER_TRACKER,
  THROTTLER_TTL,
} from '@nestjs/throttler/dist/throttler.constants.js';

/** As Nest's ExecutionContext gives it. */
export type Handler = ReturnType<ExecutionContext['getHandler']>;

/** What `@Throttle({ default: … })` says of a handler, or of its class. */
export interface DeclaredThrottle {
  limit: unknown;
  /** Milliseconds. */
  ttl: unknown;
  /** Names of options that were given and that Gatehouse has no use for. */
  foreign: readonly string[];
}

const FOREIGN: readonly (readonly [key: string, option: string])[] = [
  [THROTTLER_BLOCK_DURATION, 'blockDuration'],
  [THROTTLER_TRACKER, 'getTracker'],
  [THROTTLER_KEY_GENERATOR, 'generateKey'],
];

/** What `@Throttle` says of a handler, else of its class; a limit of undefined where neither says anything. */
export function declaredThrottle(
  reflector: Reflector,
  ...of: [handler: Handler, type: Type]
): DeclaredThrottle {
  const read = (key: string): unknown => reflector.getAllAndOverride<unknown>(`${key}default`, of);
  const foreign = FOREIGN.filter(([key]) => read(key) !== undefined).map(([, option]) => option);
  return { limit: read(THROTTLER_LIMIT), ttl: read(THROTTLER_TTL), foreign };
}

/** Whether `@SkipThrottle()` stands on a handler, or on its class and not revoked on the handler. */
export function skipsThrottle(reflector: Reflector, ...of: [handler: Handler, type: Type]): boolean {
  return reflector.getAllAndOverride<boolean | undefined>(`${THROTTLER_SKIP}default`, of) ?? false;
}
