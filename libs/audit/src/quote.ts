/** Printable ASCII, with nothing that JSON escapes. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const BEYOND_ASCII = /[\x7f-\uffff]/g;

/**
 * A JSON text in ASCII, of at most `max` characters before escaping. Nothing in it can end a line, move a cursor or
 * fail to be text for a database: no control characters, no NUL, no half of a surrogate pair.
 */
export function quote(text: string, max: number): string {
  const bounded = text.length > max ? text.slice(0, max) : text;
  return PLAIN.test(bounded) ? `"${bounded}"` : escaped(bounded);
}

function escaped(text: string): string {
  return JSON.stringify(text.toWellFormed().replaceAll('\0', '\ufffd')).replace(
    BEYOND_ASCII,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
