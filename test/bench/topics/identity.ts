import { figureOf, rateRow } from '../comparison.ts';
import type { Measured } from '../report.ts';
import { MODERN, scoresOf, type Contender } from '../rounds.ts';
import type { TopicOptions } from '../topic.ts';

const CONNECTIONS = [32, 128];
const SECONDS = 2;
/** What calls with a token of a user are to reach of the requests/s of those with an API key. */
const LEAST = 0.7;

const KEY = 'gatehouse, API key';
const TOKEN = 'gatehouse, token of a user';
const contenders: readonly Contender[] = [
  { who: KEY, server: 'gatehouse' },
  { who: TOKEN, server: 'gatehouse', env: { BENCH_CREDENTIAL: 'token' } },
];

/** tools/call of an echo tool through the whole pipeline, by who proves himself how. */
export async function identity({ rounds, seconds = SECONDS }: TopicOptions): Promise<Measured> {
  const options = { topic: 'identity', contenders, connections: CONNECTIONS, revision: MODERN };
  const scores = await scoresOf({ ...options, rounds, seconds });
  const rows = CONNECTIONS.map((connections) => {
    const score = (who: string) => scores.find((one) => one.who === who && one.connections === connections)!;
    const [ours, theirs] = [score(TOKEN), score(KEY)];
    return rateRow({
      name: `identity/token-vs-api-key-${connections}-connections`,
      ours,
      theirs,
      goal: { least: LEAST },
    });
  });
  return { figures: scores.map(figureOf), rows };
}
