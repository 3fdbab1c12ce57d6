import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { own, readCollection } from './collection.ts';
import { evaluate, type Evaluation } from './evaluate.ts';
import { withScratchKnowledgeBase } from './knowledge-base.ts';

const usage = `npm run eval:search -- [--collection FILE] [--json FILE] [--sealed] [--at-least NDCG]

Measures the ranking of the search: nDCG@10, MAP, recall and latency, by the service that callers use.
  --collection FILE  {"documents": [{"id", "title", "text"}], "queries": [{"id", "text", "relevant": [document id]}]}
                     (else EVAL_COLLECTION, else the small collection that comes with the project)
  --sealed           as with ENCRYPT_AT_REST=true: texts sealed, words by their marks
  --json FILE        writes the figures there, too
  --at-least NDCG    ends with 1 when nDCG@10 is less
EVAL_DATABASE_URL measures on an empty PostgreSQL in place of the embedded database.
`;

function complain(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function argumentsOf() {
  try {
    return parseArgs({
      options: {
        collection: { type: 'string' },
        json: { type: 'string' },
        sealed: { type: 'boolean' },
        'at-least': { type: 'string', default: '0' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return complain(`${(error as Error).message}\n\n${usage}`);
  }
}

function collectionOf(file: string | undefined) {
  if (file === undefined) return own;
  try {
    return readCollection(file);
  } catch (error) {
    return complain((error as Error).message);
  }
}

function lines(found: Evaluation): string {
  const { collection, documents, queries, ndcgAt10, map, recallAt100, ingestSeconds, p50Ms, p95Ms } = found;
  return [
    `collection   ${collection}: ${documents} documents, ${queries} queries`,
    `ingest       ${ingestSeconds.toFixed(1)} s`,
    `latency      p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms`,
    `recall@100   ${recallAt100.toFixed(4)}`,
    `MAP@100      ${map.toFixed(4)}`,
    `nDCG@10      ${ndcgAt10.toFixed(4)}`,
  ].join('\n');
}

const options = argumentsOf();
if (options.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const atLeast = Number(options['at-least']);
if (!(atLeast >= 0 && atLeast <= 1)) complain('--at-least is a number from 0 to 1');

const file = options.collection ?? process.env['EVAL_COLLECTION'];
const collection = collectionOf(file);
const found = await withScratchKnowledgeBase(
  { databaseUrl: process.env['EVAL_DATABASE_URL'], sealed: options.sealed },
  (knowledge) =>
    evaluate(knowledge, collection, (done, of) => {
      if (process.stderr.isTTY) process.stderr.write(`\ringested ${done} of ${of}${done === of ? '\n' : ''}`);
    }),
).catch((error: unknown) => complain((error as Error).message));
if (file === undefined)
  process.stdout.write(
    'Measured on the small collection of the project; --collection FILE measures on another.\n',
  );
process.stdout.write(`${lines(found)}\n`);
if (options.json) writeFileSync(options.json, `${JSON.stringify(found, null, 2)}\n`);
process.exitCode = found.ndcgAt10 >= atLeast ? 0 : 1;
