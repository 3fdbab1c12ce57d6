import { parseArgs } from 'node:util';
import { report, type Measured } from './report.ts';
import type { Topic } from './topic.ts';
import { cache } from './topics/cache.ts';
import { identity } from './topics/identity.ts';
import { knowledge } from './topics/knowledge.ts';
import { memory } from './topics/memory.ts';
import { peers } from './topics/peers.ts';
import { protocol } from './topics/protocol.ts';
import { valkey } from './topics/valkey.ts';

const topics: Readonly<Record<string, Topic>> = {
  protocol,
  peers,
  memory,
  knowledge,
  valkey,
  cache,
  identity,
};
const USAGE = `npm run bench -- [--only ${Object.keys(topics).join('|')}] [--json FILE] [--rounds N] [--seconds N]

  --rounds   loads of each kind, of which the median counts (5)
  --seconds  of one load (protocol and peers 2); of the whole load of the topic memory (300)
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const rounds = Number(values.rounds);
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);

const isWrong =
  !Number.isInteger(rounds) ||
  rounds < 1 ||
  (seconds !== undefined && !(seconds > 0)) ||
  (values.only !== undefined && !Object.hasOwn(topics, values.only));
if (values.help || isWrong) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const all: Measured = { figures: [], rows: [] };
for (const [name, measure] of Object.entries(topics)) {
  if (values.only !== undefined && values.only !== name) continue;
  process.stderr.write(`measuring ${name}…\n`);
  const { figures, rows } = await measure({ rounds, ...(seconds !== undefined && { seconds }) });
  all.figures.push(...figures);
  all.rows.push(...rows);
}
report(all, values.json);
