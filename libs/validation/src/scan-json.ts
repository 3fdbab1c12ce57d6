import { InvalidInput } from '#errors';

/** More values than any answerable call has: the largest ingest has 4,000. */
const MOST_VALUES = 50_000;

export interface Scanned {
  /** Members of all objects, as written: more than the parsed value has, when a key stands twice. */
  readonly members: number;
  /** Some text is written with \u, which is the only way for half a character to hide in valid UTF-8. */
  readonly escapes: boolean;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const LETTER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Counts, without parsing: whether the bytes are JSON is the parser's to say. About 1 ns a byte. Throws
 * InvalidInput for what is nested deeper than `depth`, at that byte, and for too many values.
 */
export function scanJson(bytes: Buffer, depth: number): Scanned {
  const end = bytes.length;
  let level = 0;
  let values = 1;
  let members = 0;
  let escapes = false;
  for (let i = 0; i < end; i++) {
    switch (bytes[i]) {
      case QUOTE:
        for (i++; i < end && bytes[i] !== QUOTE; i++) {
          if (bytes[i] === BACKSLASH && bytes[++i] === LETTER_U) escapes = true;
        }
        break;
      case COLON:
        members++;
        break;
      case COMMA:
        values++;
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        values++;
        if (++level > depth)
          throw new InvalidInput(`The input is nested too deep: ${depth} levels are allowed`);
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        level--;
        break;
    }
  }
  if (values > MOST_VALUES)
    throw new InvalidInput(`The input has too many values: ${MOST_VALUES} are allowed`);
  return { members, escapes };
}
