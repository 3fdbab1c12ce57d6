import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readConfig } from '#config';
import { KeptPostgresql, testingConfig } from '#testing';
import { chaos } from './chaos.ts';
import { exact } from './exact.ts';
import { faults } from './faults.ts';
import { describe } from './report.ts';

const EXACT = 'exact';
const names = [...faults.map(({ name }) => name), EXACT];
const USAGE = `npm run chaos -- [--seconds N] [--seed N] [--only FAULT] [--json FILE]

  --seconds  until the last fault is injected (60; of ${EXACT} 130)
  --seed     gives the same faults in the same order (by chance)
  --only     ${names.join(', ')}; the last is no fault: four gateways and one limit of 100 calls a minute
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const { only } = values;
const seconds = Number(values.seconds ?? (only === EXACT ? 130 : 60));
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));

const isWrong = !(seconds > 0) || !Number.isInteger(seed) || (only !== undefined && !names.includes(only));
if (values.help || isWrong) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
process.stderr.write(`seed ${seed}: starting the gateways…\n`);
const { postgresUrl } = readConfig(testingConfig);
const kept = postgresUrl === undefined ? await KeptPostgresql.start() : undefined;
try {
  const postgresql = postgresUrl ?? urlOf(kept!);
  const outcome =
    only === EXACT
      ? await exact({ postgresql, seconds, seed })
      : await chaos({ postgresql, seconds, seed, only });
  process.stdout.write(describe(outcome));
  if (values.json) writeFileSync(values.json, `${JSON.stringify(outcome, undefined, 2)}\n`);
  process.exitCode = outcome.violationCount === 0 ? 0 : 1;
} finally {
  await kept?.stop();
}

function urlOf({ answer }: KeptPostgresql): string {
  if ('failure' in answer) throw new Error(answer.failure);
  return answer.url;
}
