import { SetMetadata, type Type } from '@nestjs/common';
import type { Revision } from './revision.ts';

/** Who shares an answer: nobody, all of one role, or all callers. */
export type CachedScope = 'principal' | 'role' | 'public';

export interface CachedOptions {
  /** Seconds that an answer is fresh; CACHE_TTL by default. */
  ttl?: number;
  /** Seconds beyond that in which it is given out while it is refreshed; none by default. */
  grace?: number;
  /** Seconds that a NotFound is kept; none by default. */
  notFoundTtl?: number;
  /** `principal` by default: one caller's answers are given to no other. */
  scope?: CachedScope;
  /** What `Cache.invalidateTags` knows its answers by. */
  tags?: readonly string[];
  /** A provider whose text stands in the key, so that answers end with what they were made of. */
  revision?: Type<Revision>;
  /** Whether an answer may be kept, as one that is not whole may not. */
  keep?: (answer: never) => boolean;
}

const CACHED = Symbol('gatehouse:cached');

/**
 * Keeps the answers of a tool, a prompt, a resource or a route. For handlers whose answer depends on nothing but their
 * input, who calls, and what `tags` or `revision` stand for, and which change nothing. Not for streams and tasks.
 */
export function Cached(options: CachedOptions = {}): MethodDecorator {
  return SetMetadata(CACHED, Object.freeze({ ...options }));
}

export function cachedOptionsOf(handler: object): CachedOptions | undefined {
  return Reflect.getMetadata(CACHED, handler) as CachedOptions | undefined;
}
