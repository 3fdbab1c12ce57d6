import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resultOf, type Result, type Verdict } from './check.ts';
import { checks } from './checks/index.ts';

const USAGE = `npm run check:deploy -- [--only NAME]… [--skip NAME]… [--json FILE]

  --only  run these alone
  --skip  leave these out; the report says so
  --json  write the results there too

${checks.map(({ name }) => `  ${name}`).join('\n')}
`;
const marks: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '✗',
  skipped: '–',
  'not checked': '?',
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    skip: { type: 'string', multiple: true },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const { only, skip = [] } = values;
const unknown = [...(only ?? []), ...skip].filter((name) => !checks.some((check) => check.name === name));
if (values.help || unknown.length > 0) {
  process.stderr.write(unknown.length > 0 ? `No check is named ${unknown.join(', ')}\n${USAGE}` : USAGE);
  process.exit(values.help ? 0 : 2);
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const results: Result[] = [];
for (const check of checks) {
  if (only && !only.includes(check.name)) continue;
  const result: Result = skip.includes(check.name)
    ? { name: check.name, verdict: 'skipped', says: ['by --skip'], seconds: 0 }
    : await resultOf(check);
  results.push(result);
  process.stdout.write(lineOf(result));
}
const count = (verdict: Verdict): number => results.filter((result) => result.verdict === verdict).length;
process.stdout.write(
  `\n${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped, ${count('not checked')} not checked\n`,
);
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
process.exit(count('failed') === 0 ? 0 : 1);

function lineOf({ name, verdict, says, seconds }: Result): string {
  const took = seconds >= 0.1 ? ` (${seconds.toFixed(1)} s)` : '';
  if (verdict === 'failed')
    return `✗ ${name}${took}\n${says.map((fault) => `    ${indented(fault)}\n`).join('')}`;
  const note = verdict === 'passed' ? '' : `${verdict}: `;
  return `${marks[verdict]} ${name}: ${note}${says.join('; ')}${took}\n`;
}

function indented(text: string): string {
  return text.replaceAll('\n', '\n    ');
}
