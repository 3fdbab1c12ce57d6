/** A run of so many characters that was there before is a repetition. */
const RUN = 3;

/**
 * Bits of entropy that a text may have at most, as far as one can tell from the text alone: Shannon's, of its characters,
 * counting those that do not follow from what stands before them (the same again, the next in order, a run once more).
 */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits * surprising(text);
}

function surprising(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const step = at === 0 ? Number.NaN : text.charCodeAt(at) - text.charCodeAt(at - 1);
    const run = text.slice(Math.max(0, at - RUN + 1), at + 1);
    const repeats = run.length === RUN && text.indexOf(run) < at - RUN + 1;
    if (!repeats && !(Math.abs(step) <= 1)) count++;
  }
  return count;
}
