import type { Found } from './full-text.index.ts';

/**
 * One ranking of two. The score is the mean of both scores, and what one of the rankings did not find has 0 there. Both are
 * shares of the best that is possible, so the mean is one, too: `min_score` keeps its meaning (a fusion of ranks would
 * give the best hit the same score however bad it is).
 */
export function fuse(words: readonly Found[], meaning: readonly Found[]): Found[] {
  const fused = new Map<string, Found>();
  for (const found of [...words, ...meaning]) {
    const score = (fused.get(found.chunk)?.score ?? 0) + found.score / 2;
    fused.set(found.chunk, { ...found, score });
  }
  return [...fused.values()].toSorted((a, b) => b.score - a.score);
}

/** The best of them, best first: before more than `perConversation` of one conversation, the first of all others. */
export function diversify(ranked: readonly Found[], limit: number, perConversation: number): Found[] {
  const seen = new Map<number, number>();
  const first: Found[] = [];
  const further: Found[] = [];
  for (const found of ranked) {
    const nth = (seen.get(found.conversation) ?? 0) + 1;
    seen.set(found.conversation, nth);
    (nth > perConversation ? further : first).push(found);
  }
  return [...first, ...further].slice(0, limit).toSorted((a, b) => b.score - a.score);
}
