/** Longest chunk, in UTF-16 code units: never more characters than that by any way of counting. */
export const CHUNK_LENGTH = 1_000;

/** One message of a conversation. */
export interface Turn {
  text: string;
  author_name: string | null;
  author_type: string | null;
  said_at: Date | null;
}

/** A piece of what one speaker said at one time. Its text is trimmed and never blank. */
export type Chunk = Turn;

/**
 * The chunks of a conversation, in its order. A change of speaker begins a new one, and so does a change of time, since
 * a chunk has one of each. Turns of one speaker without a time between them are joined by line breaks. What is longer
 * than a chunk is cut between sentences, else between words, else between characters as readers see them.
 */
export function chunksOf(turns: readonly Turn[]): Chunk[] {
  return sameSpeaker(turns).flatMap((turn) => cut(turn.text).map((text) => ({ ...turn, text })));
}

function sameSpeaker(turns: readonly Turn[]): Turn[] {
  const runs: { turn: Turn; texts: string[] }[] = [];
  for (const turn of turns) {
    const run = runs.at(-1);
    if (run && continues(run.turn, turn)) run.texts.push(turn.text.trim());
    else runs.push({ turn, texts: [turn.text.trim()] });
  }
  return runs.map(({ turn, texts }) => ({ ...turn, text: texts.filter((text) => text !== '').join('\n') }));
}

function continues(before: Turn, turn: Turn): boolean {
  return (
    before.author_name === turn.author_name &&
    before.author_type === turn.author_type &&
    before.said_at?.getTime() === turn.said_at?.getTime()
  );
}

/** From the best place to cut to the worst. */
const BOUNDARIES = (['sentence', 'word', 'grapheme'] as const).map(
  (granularity) => new Intl.Segmenter('und', { granularity }),
);

function cut(text: string): string[] {
  const pieces: string[] = [];
  let rest = text.trim();
  while (rest.length > CHUNK_LENGTH) {
    const place = lastBoundary(rest);
    pieces.push(rest.slice(0, place).trimEnd());
    rest = rest.slice(place).trimStart();
  }
  return rest === '' ? pieces : [...pieces, rest];
}

/** The last place in a text that is longer than a chunk where its first chunk may end. */
function lastBoundary(text: string): number {
  // One more than fits, and no more: the segmenters copy what they are given.
  const window = text.slice(0, CHUNK_LENGTH + 1);
  for (const boundaries of BOUNDARIES) {
    const place = boundaries.segment(window).containing(CHUNK_LENGTH)?.index ?? 0;
    if (place > 0) return place;
  }
  // A letter under a thousand accents. Half a surrogate pair would be no character at all.
  return isLowSurrogate(text.charCodeAt(CHUNK_LENGTH)) ? CHUNK_LENGTH - 1 : CHUNK_LENGTH;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
