import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { figureOf, rateRow } from '../comparison.ts';
import { LEGACY } from '../handshake.ts';
import type { Measured, Row } from '../report.ts';
import { scoresOf, type Contender, type Score } from '../rounds.ts';
import type { TopicOptions } from '../topic.ts';

const CONNECTIONS = [32, 512];
const TOOLS = [1, 200];
const SECONDS = 2;
const INSTALL_MS = 300_000;
const PEERS = ['mcp-proxy', 'supergateway', 'mcp-nest'];

const folder = fileURLToPath(new URL('../../../../test/bench/peers', import.meta.url));

/**
 * The same table with what else stands before MCP servers, for the record: the npm bridges mcp-proxy and supergateway
 * before a stdio server of the official SDK, and @rekog/mcp-nest. All are spoken to in 2025-11-25, which all speak, in
 * one session where they have sessions. Their packages are installed beside this program, and only for it.
 */
export async function peers({ rounds, seconds = SECONDS }: TopicOptions): Promise<Measured> {
  install();
  const options = { topic: 'peers', contenders: TOOLS.flatMap(contendersWith), connections: CONNECTIONS };
  const scores = await scoresOf({ ...options, revision: LEGACY, rounds, seconds });
  const rows = TOOLS.flatMap((tools) =>
    CONNECTIONS.flatMap((connections) => rowsOf(scores, tools, connections)),
  );
  return { figures: scores.map(figureOf), rows };
}

/** Without their install scripts. Throws an Error that says what is missing. */
function install(): void {
  const lock = readFileSync(`${folder}/package-lock.json`, 'utf8');
  const installed = `${folder}/node_modules/.package-lock.json`;
  if (existsSync(installed) && sameTree(lock, readFileSync(installed, 'utf8'))) return;
  process.stderr.write('peers: npm ci --ignore-scripts in test/bench/peers\n');
  try {
    const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    execFileSync('npm', flags, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: INSTALL_MS });
  } catch (error) {
    throw new Error(
      'The topic peers measures packages that are no dependencies of this project, and npm could not install them: ' +
        'it needs a registry to reach',
      { cause: error },
    );
  }
}

interface Tree {
  packages: Record<string, { version?: string; optional?: true }>;
}

/** npm leaves the tree that it has installed in node_modules, without the root. */
function sameTree(lock: string, installed: string): boolean {
  return versionsIn(lock) === versionsIn(installed);
}

function versionsIn(tree: string): string {
  return Object.entries((JSON.parse(tree) as Tree).packages)
    .filter(([path, { optional }]) => path !== '' && !optional)
    .map(([path, { version }]) => `${path}@${version}`)
    .toSorted()
    .join();
}

const nameOf = (who: string, tools: number) => `${who}, ${tools} ${tools === 1 ? 'tool' : 'tools'}`;

function contendersWith(tools: number): Contender[] {
  const env = { BENCH_TOOLS: String(tools) };
  return [
    ...PEERS.map((peer) => ({ who: nameOf(peer, tools), server: 'peer', env: { ...env, BENCH_PEER: peer } })),
    { who: nameOf('gatehouse', tools), server: 'gatehouse', env },
  ];
}

function rowsOf(scores: readonly Score[], tools: number, connections: number): Row[] {
  const score = (who: string) =>
    scores.find((one) => one.who === nameOf(who, tools) && one.connections === connections)!;
  const suffix = `${tools}-${tools === 1 ? 'tool' : 'tools'}-${connections}-connections`;
  return PEERS.map((peer) =>
    rateRow({
      name: `peers/vs-${peer}-${suffix}`,
      ours: score('gatehouse'),
      theirs: score(peer),
      goal: 'for the record',
    }),
  );
}
