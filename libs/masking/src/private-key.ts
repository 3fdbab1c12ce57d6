const BEGIN = '-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----';
const END = '-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----';

/** A private key in PEM (RFC 7468), whole or cut off. */
export const PRIVATE_KEY = new RegExp(`${BEGIN}(?:(?!-----)[^]){0,16384}(?:${END})?`, 'g');

/** A first line, whole or so far. */
const OPENING = new RegExp(`${BEGIN}|-----BEGIN [A-Z0-9 ]{0,60}-{0,5}$`, 'g');
/** What follows the body: a last line, the beginning of one, or something else with dashes. */
const CLOSING = new RegExp(`${END}|(?<part>-----(?:E?N?D?|END [A-Z0-9 ]{0,60}-{0,4})$)|(?=-----)`, 'g');

export interface KeySpan {
  readonly begin: number;
  /** Undefined while the key goes on at the end of the text. */
  readonly end: number | undefined;
}

/** The private keys in a text that may go on. */
export function* privateKeysIn(text: string): Generator<KeySpan> {
  OPENING.lastIndex = 0;
  for (let opening = OPENING.exec(text); opening !== null; opening = OPENING.exec(text)) {
    CLOSING.lastIndex = OPENING.lastIndex;
    const closing = CLOSING.exec(text);
    const whole = closing !== null && closing.groups?.['part'] === undefined;
    yield { begin: opening.index, end: whole ? CLOSING.lastIndex : undefined };
    if (!whole) return;
    OPENING.lastIndex = CLOSING.lastIndex;
  }
}
