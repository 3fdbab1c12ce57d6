/** Whether a pattern of `*` and `?` fits a text: in steps of at most their lengths multiplied, whatever they are. */
export function globFits(pattern: string, text: string): boolean {
  let [p, t, star, resume] = [0, 0, -1, 0];
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** The same pattern as Valkey reads it, which knows classes and escapes besides. */
export function valkeyGlob(pattern: string): string {
  return pattern.replaceAll(/[[\]\\^-]/g, String.raw`\$&`);
}

/** A text as a pattern that fits nothing else. */
export function literalGlob(text: string): string {
  return valkeyGlob(text).replaceAll(/[*?]/g, String.raw`\$&`);
}
