import type { Measured, Row } from '../report.ts';
import { figureOf, p99Row, rateRow } from '../comparison.ts';
import { MODERN, scoresOf, type Contender, type Score } from '../rounds.ts';
import type { TopicOptions } from '../topic.ts';

const CONNECTIONS = [32, 512];
const TOOLS = [1, 200];
/** What Gatehouse, fully policed, is to reach of the official SDK's requests/s, by the number of tools. */
const AGAINST_SDK: Record<number, number> = { 1: 5, 200: 15 };
const AGAINST_BARE = { rate: 0.45, p99: 3 };
const SECONDS = 2;

const nameOf = (who: string, tools: number) => `${who}, ${tools} ${tools === 1 ? 'tool' : 'tools'}`;
const withTools = (who: string, server: string, env: Record<string, string> = {}): Contender[] =>
  TOOLS.map((tools) => ({ who: nameOf(who, tools), server, env: { ...env, BENCH_TOOLS: String(tools) } }));

const BARE = 'bare-nest';
const SDK = 'official-sdk';
/** The same, but the schemas of its tools are not made anew for each request, as its guide makes them. */
const SDK_SCHEMAS_ONCE = 'official-sdk-schemas-once';
const OURS = 'gatehouse';
const contenders: readonly Contender[] = [
  { who: BARE, server: BARE },
  ...withTools(SDK, SDK),
  ...withTools(SDK_SCHEMAS_ONCE, SDK, { BENCH_SCHEMAS: 'once' }),
  ...withTools(OURS, OURS),
];

/**
 * tools/call of an echo tool through the whole pipeline (key, every limit counted, role, schema, strict audit), against
 * the official SDK's server without any of that and a bare Nest+Fastify route.
 */
export async function protocol({ rounds, seconds = SECONDS }: TopicOptions): Promise<Measured> {
  const options = { topic: 'protocol', contenders, connections: CONNECTIONS, revision: MODERN };
  const scores = await scoresOf({ ...options, rounds, seconds });
  const rows = TOOLS.flatMap((tools) =>
    CONNECTIONS.flatMap((connections) => rowsOf(scores, tools, connections)),
  );
  return { figures: scores.map(figureOf), rows };
}

function rowsOf(scores: readonly Score[], tools: number, connections: number): Row[] {
  const score = (who: string) => scores.find((one) => one.who === who && one.connections === connections)!;
  const suffix = `${tools}-${tools === 1 ? 'tool' : 'tools'}-${connections}-connections`;
  const ours = score(nameOf(OURS, tools));
  const against = (who: string) => ({ ours, theirs: score(who) });
  const sdk = against(nameOf(SDK, tools));
  const once = against(nameOf(SDK_SCHEMAS_ONCE, tools));
  const bare = against(BARE);
  return [
    rateRow({ name: `protocol/vs-${SDK}-${suffix}`, ...sdk, goal: { least: AGAINST_SDK[tools]! } }),
    rateRow({ name: `protocol/vs-${SDK_SCHEMAS_ONCE}-${suffix}`, ...once, goal: 'for the record' }),
    rateRow({ name: `protocol/vs-${BARE}-${suffix}`, ...bare, goal: { least: AGAINST_BARE.rate } }),
    p99Row({ name: `protocol/p99-vs-${BARE}-${suffix}`, ...bare, goal: { most: AGAINST_BARE.p99 } }),
  ];
}
