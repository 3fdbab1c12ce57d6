import type { CacheOptions } from '../cache.ts';
import type { CacheSettings } from '../cache.config.ts';

const DAY_S = 86_400;
const MAX_KEY = 512;
const MAX_TAG = 256;
const NO_TAGS: readonly string[] = [];

/** One caller's wish, in milliseconds. */
export interface Job {
  readonly key: string;
  readonly compute: () => unknown;
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly notFoundMs: number;
  readonly tags: readonly string[];
  readonly keep: ((value: never) => boolean) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Throws TypeError or RangeError: these are written by programmers, not sent by callers. */
export function jobOf<T>(
  key: string,
  compute: () => unknown,
  options: CacheOptions<T>,
  settings: CacheSettings,
): Job {
  if (key === '' || key.length > MAX_KEY) throw new TypeError(`A cache key has 1 to ${MAX_KEY} characters`);
  const { ttl, grace, notFoundTtl, tags = NO_TAGS, keep, signal } = options;
  checkTags(tags);
  return {
    key,
    compute,
    ttlMs: ttl === undefined ? settings.ttlMs : milliseconds(ttl, 'ttl'),
    graceMs: grace === undefined ? 0 : milliseconds(grace, 'grace'),
    notFoundMs: notFoundTtl === undefined ? 0 : milliseconds(notFoundTtl, 'notFoundTtl'),
    tags,
    keep,
    signal,
  };
}

export function checkTags(tags: readonly string[]): void {
  for (const tag of tags) {
    if (tag === '' || tag === '*' || tag.length > MAX_TAG)
      throw new TypeError(`A tag has 1 to ${MAX_TAG} characters, and is not "*"`);
  }
}

function milliseconds(seconds: number, name: string): number {
  if (seconds >= 0 && seconds <= DAY_S) return seconds * 1000;
  throw new RangeError(`${name} is between 0 and ${DAY_S} seconds`);
}
