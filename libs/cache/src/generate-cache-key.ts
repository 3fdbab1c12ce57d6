import { hash } from 'node:crypto';
import { canonicalJson } from '#validation';

const SERVICE = /^[a-z0-9][a-z0-9_.-]{0,63}$/i;

/**
 * The key of what one source says to one query: `research:<source>:<hash>` (ARC-18). The query may be any JSON value, and
 * does not show in its key. A source has up to 64 letters, digits, dots, dashes and underscores.
 */
export function generateCacheKey(query: unknown, service: string): string {
  if (!SERVICE.test(service)) throw new TypeError('A source is named with letters, digits, dots and dashes');
  return `research:${service}:${hash('sha256', canonicalJson(query), 'hex')}`;
}
