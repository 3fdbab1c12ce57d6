import { parseArgs } from 'node:util';
import { guardedCall } from './topics/guarded-call.ts';
import { knowledge } from './topics/knowledge.ts';
import { report, type Measured } from './report.ts';

const topics = { 'guarded-call': guardedCall, knowledge };

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (values.help || (values.only !== undefined && !(values.only in topics))) {
  process.stderr.write(
    `npm run bench -- [--only ${Object.keys(topics).join('|')}] [--json FILE] [--rounds 5] [--seconds 4]\n`,
  );
  process.exit(values.help ? 0 : 2);
}

const all: Measured = { figures: [], rows: [] };
for (const [name, measure] of Object.entries(topics)) {
  if (values.only !== undefined && values.only !== name) continue;
  process.stderr.write(`measuring ${name}…\n`);
  const { figures, rows } = await measure({ rounds: Number(values.rounds), seconds: Number(values.seconds) });
  all.figures.push(...figures);
  all.rows.push(...rows);
}
report(all, values.json);
