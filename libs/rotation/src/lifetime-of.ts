import { isPredecessor } from '#secrets';

/** RAG-23, in days. */
const DATABASE_OR_KEY = 90;
const SIGNING = 180;

/** Passwords of stores, and keys that are sent with each request. */
const SENT = /^(DATABASE|VALKEY)_|_API_KEY$|_AUTH_TOKEN$/;
/** Its public half is pinned by auditors: when it changes is between them and the operator. */
const NEVER: ReadonlySet<string> = new Set(['AUDIT_SIGNING_KEY']);

/** Days that a secret may be used; undefined for what has been rotated out, or is not to be rotated by the calendar. */
export function lifetimeOf(name: string): number | undefined {
  if (NEVER.has(name) || isPredecessor(name)) return undefined;
  return SENT.test(name) ? DATABASE_OR_KEY : SIGNING;
}
