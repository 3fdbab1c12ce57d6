import { describe, expect, it } from 'vitest';
import { freshPostgresql } from '#testing';
import { own } from './collection.ts';
import { evaluate } from './evaluate.ts';
import { withKnowledgeBase } from './knowledge-base.ts';

/** It is 0.833. With ts_rank in place of BM25 it is 0.798, without stop words and stemming 0.681. */
const LEAST = 0.83;

describe("the ranking of the search on the project's own collection", () => {
  it('is good on the embedded database', async () => {
    const { ndcgAt10, recallAt100 } = await withKnowledgeBase(undefined, (knowledge) =>
      evaluate(knowledge, own),
    );
    expect(ndcgAt10).toBeGreaterThan(LEAST);
    expect(recallAt100).toBeGreaterThan(0.98);
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
