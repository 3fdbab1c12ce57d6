import {
  copyFileSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { scratchFolder } from '#testing';
import { ROOT } from '../../support/root.ts';
import { failed, passed, without, type Check } from '../check.ts';
import { command, saidBy } from '../command.ts';
import { ofMachine } from '../tools.ts';

const SCRIPT = 'docker/make-secrets.sh';
const CONFIG = 'docker/nginx/nginx.conf';
/** Not ours to make strong, or made of another. */
const DERIVED = new Set(['database_url', 'alert_webhook_url', 'tls_certificate']);
const LEAST_LENGTH = 44;

/** Runs the script in a folder of its own. */
async function makeSecrets(folder: string): Promise<string> {
  await ofMachine('openssl', 'openssl');
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(ROOT, SCRIPT), join(folder, 'make-secrets.sh'));
  const outcome = await command('sh', [join(folder, 'make-secrets.sh')]);
  if (outcome.code !== 0) throw new Error(`${SCRIPT}: ${saidBy(outcome)}`);
  return join(folder, 'secrets');
}

function contents(folder: string): Map<string, string> {
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

export const secrets: Check = {
  name: 'secrets',
  async run() {
    await using scratch = await scratchFolder();
    const folder = await makeSecrets(scratch.path);
    const made = contents(folder);
    await makeSecrets(scratch.path);
    const again = contents(folder);
    const named = Object.keys(
      (parse(readFileSync(join(ROOT, 'docker/compose.yaml'), 'utf8'), { merge: true }) as { secrets: object })
        .secrets,
    );
    const own = [...made].filter(([name]) => !DERIVED.has(name));
    const faults = [
      ...named
        .filter((name) => !made.has(name))
        .map((name) => `compose.yaml names ${name}, which is not made`),
      ...[...made.keys()].filter((name) => !named.includes(name)).map((name) => `${name} is for nobody`),
      ...own.filter(([, text]) => text.length < LEAST_LENGTH).map(([name]) => `${name} is short`),
      ...[...made]
        .filter(([name, text]) => again.get(name) !== text)
        .map(([name]) => `${name} is made anew each time`),
    ];
    if (new Set(made.values()).size !== made.size) faults.push('two of them are the same');
    if ((statSync(folder).mode & 0o777) !== 0o700) faults.push('others may look into the folder');
    if (!made.get('database_url')?.includes(made.get('database_password') ?? '-'))
      faults.push('the URL has another password');
    return without(faults, `${made.size} made once, each its own, in a folder of their owner`);
  },
};

export const nginx: Check = {
  name: 'nginx',
  async run() {
    const program = await ofMachine('nginx', 'nginx');
    await using scratch = await scratchFolder();
    const folder = await makeSecrets(scratch.path);
    const own = readFileSync(join(ROOT, CONFIG), 'utf8');
    const file = join(scratch.path, 'nginx.conf');
    // Debian's is older than the directive `http2` (1.25.1), and can't open a pipe of ours by its name.
    const shown = own
      .replaceAll('/tmp/', `${scratch.path}/`)
      .replaceAll('/run/secrets/', `${folder}/`)
      .replace('/dev/stderr', join(scratch.path, 'errors'))
      .replace('http2 on;', '');
    writeFileSync(file, shown);
    const outcome = await command(program, ['-t', '-c', file]);
    if (outcome.code !== 0) return failed(saidBy(outcome));
    const weak =
      /ssl_protocols[^;]*TLSv1(?:\.1)?[ ;]/.test(own) || /ssl_ciphers[^;]*(?:CBC|RC4|SHA;|SHA:)/.test(own);
    return weak
      ? failed('it speaks TLS that is broken')
      : passed('nginx takes its configuration; TLS 1.2 and later');
  },
};

export const shellScripts: Check = {
  name: 'scripts',
  async run() {
    const scripts = globSync('docker/**/*.sh', { cwd: ROOT });
    const outcome = await command(await ofMachine('shellcheck', 'shellcheck'), scripts);
    return outcome.code === 0
      ? passed(`shellcheck finds nothing in ${scripts.join(', ')}`)
      : failed(saidBy(outcome, 40));
  },
};
