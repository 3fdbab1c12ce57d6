import { Call } from '#call';
import type { KnowledgeService } from '#knowledge';
import type { Collection } from './collection.ts';
import { averagePrecision, mean, ndcg, percentile, recall } from './measures.ts';

export interface Evaluation {
  collection: string;
  documents: number;
  queries: number;
  ndcgAt10: number;
  map: number;
  recallAt100: number;
  ingestSeconds: number;
  p50Ms: number;
  p95Ms: number;
}

/** What one message, and one query, may hold. */
const LONGEST_TEXT = 100_000;
const LONGEST_QUERY = 4_000;

/** Ingests the documents as conversations and searches with each query, by the service that callers use. */
export async function evaluate(
  knowledge: KnowledgeService,
  collection: Collection,
  progress: (done: number, of: number) => void = () => undefined,
): Promise<Evaluation> {
  const { documents, queries } = collection;
  const call = new Call({ door: 'cli', address: '127.0.0.1', authorization: undefined });
  const started = performance.now();
  for (const [i, document] of documents.entries()) {
    await ingest(knowledge, document, call);
    progress(i + 1, documents.length);
  }
  const ingestSeconds = (performance.now() - started) / 1_000;

  const times: number[] = [];
  const scores: { ndcgAt10: number; map: number; recallAt100: number }[] = [];
  for (const { text, relevant } of queries) {
    const begun = performance.now();
    const ranked = await search(knowledge, text, call);
    times.push(performance.now() - begun);
    const judged = new Set(relevant.map(String));
    scores.push({
      ndcgAt10: ndcg(10)(ranked, judged),
      map: averagePrecision(ranked, judged),
      recallAt100: recall(100)(ranked, judged),
    });
  }
  return {
    collection: collection.name,
    documents: documents.length,
    queries: queries.length,
    ndcgAt10: mean(scores.map((score) => score.ndcgAt10)),
    map: mean(scores.map((score) => score.map)),
    recallAt100: mean(scores.map((score) => score.recallAt100)),
    ingestSeconds,
    p50Ms: percentile(times, 0.5),
    p95Ms: percentile(times, 0.95),
  };
}

async function ingest(
  knowledge: KnowledgeService,
  { id, title, text }: Collection['documents'][number],
  call: Call,
): Promise<void> {
  const whole = text.trim() === '' ? title : text;
  if (!whole?.trim()) return; // A document without a word: no query is about it.
  const messages: { text: string }[] = [];
  for (let i = 0; i < whole.length; i += LONGEST_TEXT)
    messages.push({ text: whole.slice(i, i + LONGEST_TEXT) });
  await knowledge.ingest({ conversation_id: id, original_title: title, messages }, call);
}

/** Ids of the documents, best first. */
async function search(knowledge: KnowledgeService, text: string, call: Call): Promise<string[]> {
  const query = text.slice(0, LONGEST_QUERY);
  const { results } = await knowledge.search({ query, top_k: 100, include_metadata: true }, call);
  return [...new Set(results.map(({ conversation_id }) => conversation_id))];
}
