/** RAG-30. */
export const ID_LENGTH = 255;
export const CONTENT_LENGTH = 100_000;
/** The usual bound of an array (requirements 4). */
export const MESSAGES = 1_000;
/** Long enough for a paragraph that describes what is looked for. The ranking reads its 64 most frequent words. */
export const QUERY_LENGTH = 4_000;

/** PostgreSQL has no U+0000 in a text, and an id or a name has no line breaks either. */
export const ONE_LINE = /^\P{Cc}*$/u;
export const NOT_BLANK = /\S/u;
export const HTTP_URL = /^https?:\/\/[^\s"<>\p{Cc}]+$/u;
/** ISO 8601: a day, or a day and a time; without an offset it is UTC. */
export const POINT_IN_TIME =
  /^[12]\d{3}-[01]\d-[0-3]\d(?:T[0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-][0-2]\d:[0-5]\d)?)?$/u;
