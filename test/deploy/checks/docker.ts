import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../../support/root.ts';
import { failed, passed, without, type Check } from '../check.ts';
import { command, saidBy } from '../command.ts';
import { composeFaults, type Compose } from '../compose-policies.ts';
import { pinned } from '../tools.ts';

const DOCKERFILE = 'docker/Dockerfile';
const COMPOSE = ['docker/compose.yaml', 'docker/compose.security.yaml'];

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export const dockerfile: Check = {
  name: 'dockerfile',
  async run() {
    const args = ['--no-color', '--failure-threshold', 'style', DOCKERFILE];
    const outcome = await command(await pinned('hadolint'), args);
    const faults = outcome.code === 0 ? [] : [saidBy(outcome)];
    const text = read(DOCKERFILE);
    const runtime = /node:(\d+\.\d+)-/.exec(text)?.[1];
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } };
    if (!runtime || !devDependencies.node.startsWith(`${runtime}.`))
      faults.push(`the image has Node ${runtime}, and tests run on ${devDependencies.node}`);
    const last = text.slice(text.lastIndexOf('\nFROM '));
    for (const [what, pattern] of [
      ['user 1000', /^USER 1000:1000$/m],
      ['a health check without a shell', /HEALTHCHECK [^\n]*\\\n\s+CMD \[/],
      ['STOPSIGNAL', /^STOPSIGNAL SIGTERM$/m],
      ['a command in exec form', /^CMD \["node"/m],
      ['labels of OCI', /org\.opencontainers\.image\.revision/],
      ['no step of a shell', /^(?![\s\S]*^RUN )/m],
    ] as const)
      if (!pattern.test(last)) faults.push(`the last stage has not ${what}`);
    return without(faults, `hadolint finds nothing; Node ${runtime}, user 1000`);
  },
};

export const compose: Check = {
  name: 'compose',
  async run() {
    const args = ['--builtin-schema', 'vendor.compose-spec', ...COMPOSE];
    const outcome = await command(await pinned('check-jsonschema'), args);
    if (outcome.code !== 0) return failed(saidBy(outcome, 30));
    const bad = JSON.stringify({ services: { gateway: { image: 'a', prots: [] } } });
    const proof = await command(await pinned('check-jsonschema'), [...args.slice(0, 2), '-'], { input: bad });
    if (proof.code === 0) return failed('the check is blind: an unknown field was not seen');
    const [base, hardened] = COMPOSE.map((path) => parse(read(path), { merge: true }) as Compose);
    const faults = composeFaults(base!, hardened!);
    return without(
      faults,
      `both files fit the schema; ${Object.keys(base!.services).length} services are hardened`,
    );
  },
};

export const configuration: Check = {
  name: 'production template',
  async run() {
    // The program itself, with the template as it is.
    const variables = Object.fromEntries(
      [...read('docker/.env.production.template').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
        name!,
        value!,
      ]),
    );
    const outcome = await command(process.execPath, ['dist/apps/gateway/src/main.js'], { env: variables });
    if (outcome.code === 0) return failed('the template starts a gateway as it is');
    const said = outcome.err;
    const taken = Object.keys(variables)
      .filter((name) => variables[name] === 'CHANGE_ME')
      .filter((name) => !said.includes(`${name} is `));
    return taken.length > 0
      ? failed(...taken.map((name) => `${name}=CHANGE_ME is taken for a value`), said)
      : passed('the start refuses every CHANGE_ME, and names each');
  },
};
