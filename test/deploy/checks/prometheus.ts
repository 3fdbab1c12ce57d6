import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { scratchFolder } from '#testing';
import { ROOT } from '../../support/root.ts';
import { failed, passed, without, type Check } from '../check.ts';
import { command, saidBy } from '../command.ts';
import { ofMachine } from '../tools.ts';

const CONFIG = 'docker/prometheus/prometheus.yml';
const RULES = 'docker/prometheus/rules/gatehouse.yml';
const ALERTS = 'docker/alertmanager/alertmanager.yml';

export const prometheus: Check = {
  name: 'prometheus',
  async run() {
    const promtool = await ofMachine('promtool', 'prometheus');
    const syntax = await command(promtool, ['check', 'config', '--syntax-only', CONFIG]);
    if (syntax.code !== 0) return failed(saidBy(syntax));
    const tests = globSync('docker/prometheus/rules/*.test.yml', { cwd: ROOT });
    const runs = [
      ['check', 'config', CONFIG],
      ['check', 'rules', '--lint=all', '--lint-fatal', RULES],
      ...tests.map((file) => ['test', 'rules', file]),
    ];
    const faults: string[] = [];
    for (const args of runs) {
      const outcome = await command(promtool, args);
      if (outcome.code !== 0) faults.push(`promtool ${args.join(' ')}: ${saidBy(outcome, 30)}`);
    }
    if (tests.length === 0) faults.push('no rule has a test');
    return without(faults, `promtool passes ${CONFIG}, its rules and ${tests.length} file of tests`);
  },
};

interface Route {
  readonly receiver?: string;
  readonly routes?: readonly Route[];
}

export const alertmanager: Check = {
  name: 'alertmanager',
  async run() {
    const amtool = await ofMachine('amtool', 'prometheus-alertmanager');
    const text = readFileSync(join(ROOT, ALERTS), 'utf8');
    await using scratch = await scratchFolder();
    const file = join(scratch.path, 'alertmanager.yml');
    // Debian's amtool is older than `url_file` (0.26): it is shown a URL in its place.
    writeFileSync(file, text.replaceAll(/\burl_file: .*/g, 'url: http://127.0.0.1:9/'));
    const outcome = await command(amtool, ['check-config', file]);
    if (outcome.code !== 0) return failed(saidBy(outcome));
    const { route, receivers } = parse(text) as {
      route: Route;
      receivers: { name: string; webhook_configs?: { url?: string; url_file?: string }[] }[];
    };
    const named = receiversOf(route);
    const open = receivers.filter(({ webhook_configs: hooks = [] }) =>
      hooks.some(({ url }) => url !== undefined),
    );
    const faults = open.map(({ name }) => `receiver ${name} has its URL, which is a secret, in the file`);
    return faults.length > 0
      ? failed(...faults)
      : passed(`amtool passes it; alerts go to ${[...new Set(named)].join(', ')}`);
  },
};

function receiversOf({ receiver, routes = [] }: Route): string[] {
  return [...(receiver ? [receiver] : []), ...routes.flatMap(receiversOf)];
}
