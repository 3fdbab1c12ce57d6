import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runAuthorization } from './authorization.ts';
import { openFixture } from './fixture/open-fixture.ts';
import { openProxy } from './proxy.ts';
import { runSuite, suiteRevisions, type Scenario, type SuiteRun } from './suite.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    scenario: { type: 'string' },
    json: { type: 'string' },
    verbose: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (
  values.help ||
  (values.only !== undefined && ![...suiteRevisions, 'authorization'].includes(values.only))
) {
  const revisions = [...suiteRevisions, 'authorization'].join('|');
  process.stderr.write(
    `npm run conformance -- [--only ${revisions}] [--scenario NAME] [--json FILE] [--verbose]\n`,
  );
  process.exit(values.help ? 0 : 2);
}

const fixture = await openFixture();
const proxy = await openProxy(fixture.url, fixture.key);
const runs: SuiteRun[] = [];
try {
  for (const revision of suiteRevisions.filter((one) => values.only === undefined || values.only === one)) {
    process.stderr.write(`running the official suite for ${revision}…\n`);
    const url = `${proxy.url}/mcp`;
    runs.push(await runSuite({ url, revision, scenario: values.scenario, verbose: values.verbose }));
  }
  if (values.scenario === undefined && [undefined, 'authorization'].includes(values.only)) {
    process.stderr.write('running the official suite for authorization servers…\n');
    runs.push(await runAuthorization(fixture, values.verbose));
  }
} finally {
  await proxy.close();
  await fixture.close();
}

for (const { revision, scenarios } of runs) {
  for (const { name, required, passed, faults } of scenarios) {
    if (faults.length > 0 || values.verbose)
      console.log(`${passed ? '✓' : '✗'} ${revision} ${name}${required ? '' : ' (not scored)'}`);
    for (const fault of faults) console.log(`    ${fault}`);
  }
}
for (const { revision, scenarios } of runs) {
  const count = (counts: (scenario: Scenario) => boolean): string => {
    const all = scenarios.filter(counts);
    return `${all.filter(({ passed }) => passed).length}/${all.length}`;
  };
  const others = count(({ required, ofTasks }) => !required && !ofTasks);
  const tasks = scenarios.some(({ ofTasks }) => ofTasks)
    ? `${count(isOfTasks)} of the tasks extension, `
    : '';
  console.log(`${revision}: ${count(isRequired)} required scenarios, ${tasks}${others} others`);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(runs, undefined, 2)}\n`);
const failed = runs.some(({ scenarios }) =>
  scenarios.some((scenario) => (isRequired(scenario) || isOfTasks(scenario)) && !scenario.passed),
);
process.exit(failed || runs.some(({ scenarios }) => scenarios.length === 0) ? 1 : 0);

function isRequired({ required }: Scenario): boolean {
  return required;
}

function isOfTasks({ ofTasks }: Scenario): boolean {
  return ofTasks;
}
