import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { HangWatch } from './hang-watch.ts';
import { openHouse } from './house/open-house.ts';
import { properties } from './properties/index.ts';
import type { FuzzProperty } from './property.ts';
import { runRound, type Violation } from './round.ts';

const DEFAULT_SECONDS = 60;
const MOST_SEED = 0x7f_ff_ff_ff;

interface Total {
  readonly name: string;
  runs: number;
  ms: number;
  violation: Violation | undefined;
}

const options = optionsOf();
const chosen = properties.filter(({ name }) => options.only === undefined || name === options.only);
const totals = chosen.map(({ name }): Total => ({ name, runs: 0, ms: 0, violation: undefined }));
console.log(`seed ${options.seed}`);

const watch = new HangWatch();
const house = await openHouse();
const bar = process.stderr.isTTY
  ? new SingleBar({ format: '{bar} {value}/{total} s · {property}', clearOnComplete: true })
  : undefined;
const begin = performance.now();
bar?.start(options.seconds, 0, { property: '' });
try {
  // Each round has a seed of its own, so that a violation is found again by its round alone.
  for (let round = 0; !isOver(round); round++) {
    for (const [index, property] of chosen.entries()) {
      const total = totals[index]!;
      if (total.violation || (isOver(round) && round > 0)) continue;
      await runOne(property, total, (options.seed + round) % MOST_SEED);
      bar?.update(Math.round(elapsedSeconds()), { property: property.name });
    }
  }
} finally {
  bar?.stop();
  await house.close();
  await watch.close();
}
report();

async function runOne(property: FuzzProperty, total: Total, seed: number): Promise<void> {
  const started = performance.now();
  watch.at(`${property.name}, seed ${seed}`);
  const { runs, violation } = await runRound(property, house, { seed, path: options.path });
  total.runs += runs;
  total.ms += performance.now() - started;
  total.violation = violation;
}

function isOver(round: number): boolean {
  if (options.path !== undefined) return round > 0;
  return elapsedSeconds() >= options.seconds || totals.every(({ violation }) => violation);
}

function elapsedSeconds(): number {
  return (performance.now() - begin) / 1000;
}

function report(): void {
  const violations = totals.flatMap(({ violation }) => violation ?? []);
  for (const { what, counterexample, error, replay } of violations)
    console.log(`\n✗ ${what}\n  ${counterexample}\n  ${error}\n  again: ${replay}`);
  console.log('');
  for (const { name, runs, ms, violation } of totals)
    console.log(`${violation ? '✗' : '✓'} ${name.padEnd(20)} ${runs} runs in ${(ms / 1000).toFixed(1)} s`);
  const runs = totals.reduce((sum, total) => sum + total.runs, 0);
  console.log(`${runs} runs, ${violations.length} violations, seed ${options.seed}`);
  if (options.json) {
    const found = { seed: options.seed, seconds: elapsedSeconds(), runs, properties: totals };
    writeFileSync(options.json, `${JSON.stringify(found, undefined, 2)}\n`);
  }
  process.exit(violations.length > 0 ? 1 : 0);
}

function optionsOf() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      path: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { only, path, json, help } = values;
  const seconds = Number(values.seconds ?? DEFAULT_SECONDS);
  const seed = Number(values.seed ?? randomInt(MOST_SEED));
  const names = properties.map(({ name }) => name);
  const isSound =
    seconds > 0 &&
    Number.isSafeInteger(seed) &&
    (only === undefined || names.includes(only)) &&
    (path === undefined || (only !== undefined && values.seed !== undefined && /^\d+(:\d+)*$/.test(path)));
  if (help || !isSound) {
    process.stderr.write(
      `npm run fuzz -- [--seconds N] [--seed N] [--only ${names.join('|')}] [--json FILE]\n` +
        '                [--path P, with --only and --seed: what a violation said to run again]\n',
    );
    process.exit(help ? 0 : 2);
  }
  return { seconds, seed, only, path, json };
}
