import type { Masking } from './masking.ts';
import { privateKeysIn } from './private-key.ts';

/** More than the longest secret has; a text that goes on so long without a safe place to cut is cut anyway. */
const LONGEST_HELD = 20_000;
/** Stands for the words of a line that have left, so that what follows is not taken for the start of a line. */
const LEFT = '| ';

/**
 * Masks a text that comes in pieces, so that a secret which is cut in two by their borders is masked all the same: what has left,
 * put together, is the mask of the whole. Holds the last two words back, a line in which a secret may have begun, and a
 * private key until its end.
 */
export class RunningText {
  readonly #masking: Masking;
  #held = '';
  #atLineStart = true;

  constructor(masking: Masking) {
    this.#masking = masking;
  }

  /** What may leave, now that this piece has come. */
  add(piece: string): string {
    this.#held += piece;
    return this.#leave(this.#safeCut());
  }

  /** The rest. */
  end(): string {
    return this.#leave(this.#held.length);
  }

  #leave(cut: number): string {
    if (cut === 0) return '';
    const leaving = this.#held.slice(0, cut);
    this.#held = this.#held.slice(cut);
    const masked = this.#atLineStart
      ? this.#masking.mask(leaving)
      : this.#masking.mask(LEFT + leaving).slice(LEFT.length);
    this.#atLineStart = leaving.endsWith('\n');
    return masked;
  }

  #safeCut(): number {
    const held = this.#held;
    if (held.length > LONGEST_HELD) return held.length;
    const { line, keyEnd, keyOpen } = lastLine(held);
    if (keyOpen || this.#masking.mayBeginIn(held.slice(line))) return line;
    const cut = Math.max(lastTwoWords(held), line, keyEnd);
    // The indentation of a line belongs to what it indents.
    return /[^ \t-]/.test(held.slice(line, cut)) ? cut : line;
  }
}

interface LastLine {
  /** Where the last line begins. A private key counts as one word of it, however many lines it takes. */
  readonly line: number;
  /** Where the last private key ends. */
  readonly keyEnd: number;
  /** A private key has begun in the last line, and not ended. */
  readonly keyOpen: boolean;
}

function lastLine(text: string): LastLine {
  let line = 0;
  let keyEnd = 0;
  const lineBefore = (place: number): number => {
    const begin = text.lastIndexOf('\n', place) + 1;
    return begin > keyEnd ? begin : line;
  };
  for (const { begin, end } of privateKeysIn(text)) {
    line = lineBefore(begin);
    if (end === undefined) return { line, keyEnd, keyOpen: true };
    keyEnd = end;
  }
  return { line: lineBefore(text.length), keyEnd, keyOpen: false };
}

function lastTwoWords(text: string): number {
  const last = text.lastIndexOf(' ');
  return last <= 0 ? 0 : text.lastIndexOf(' ', last - 1) + 1;
}
