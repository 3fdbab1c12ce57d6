import { describe, expect, it } from 'vitest';
import { freshPostgresql } from '#testing';
import { own } from './collection.ts';
import { evaluate } from './evaluate.ts';
import { withKnowledgeBase } from './knowledge-base.ts';

/** Without stemming it is 0.92 here, without stop words 0.95, with ts_rank in place of BM25 0.89. */
const LEAST = 0.97;

describe("the ranking of the search on the project's own collection", () => {
  it('is good on the embedded database', async () => {
    const { ndcgAt10, recallAt100 } = await withKnowledgeBase(undefined, (knowledge) =>
      evaluate(knowledge, own),
    );
    expect(ndcgAt10).toBeGreaterThan(LEAST);
    expect(recallAt100).toBe(1);
  });

  it('is the same on PostgreSQL', async () => {
    const postgresql = await freshPostgresql();
    try {
      const embedded = await withKnowledgeBase(undefined, (knowledge) => evaluate(knowledge, own));
      const server = await withKnowledgeBase(postgresql.url, (knowledge) => evaluate(knowledge, own));
      expect(server.ndcgAt10).toBeCloseTo(embedded.ndcgAt10, 6);
    } finally {
      await postgresql.drop();
    }
  });
});
