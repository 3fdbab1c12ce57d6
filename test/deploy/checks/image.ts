import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { freePort, scratchFolder } from '#testing';
import { ROOT } from '../../support/root.ts';
import { failed, without, type Check } from '../check.ts';
import { layBaseImage } from '../image/base-image.ts';
import { Buildah } from '../image/buildah.ts';
import { ConfinedProcess, type Confinement } from '../image/confined-process.ts';
import { OperatorCommands } from '../image/operator-commands.ts';
import { served } from '../image/served.ts';

const BASE = 'localhost/gatehouse-base';
const IMAGE = 'localhost/gatehouse';
const USER = 1000;
/** Nobody installs anything in production, and nobody has a shell. */
const ABSENT = [
  'npm',
  'npx',
  'corepack',
  'yarn',
  'sh',
  'bash',
  'dash',
  'apt',
  'apt-get',
  'dpkg',
  'perl',
  'su',
  'curl',
  'wget',
];
/** Tries to write where the process must not, and prints what each try came to. */
const WRITING = `
const { writeFileSync } = require('node:fs');
for (const path of ['/app/x', '/usr/local/bin/x', '/etc/x', '/x', '/data/x', '/tmp/x']) {
  try { writeFileSync(path, ''); console.log(path, 'written'); } catch (error) { console.log(path, error.code); }
}`;

export const image: Check = {
  name: 'image',
  async run() {
    if (process.getuid?.() !== 0) return failed('this check mounts and changes users, which root alone may');
    await using scratch = await scratchFolder();
    const at = (name: string) => join(scratch.path, name);
    await using buildah = await Buildah.in(at('store'));
    mkdirSync(at('base/root'), { recursive: true });
    await layBaseImage(at('base/root'));
    writeFileSync(at('base/Containerfile'), 'FROM scratch\nCOPY root /\n');
    await buildah.build(BASE, ['--file', at('base/Containerfile')], at('base'));
    // npm's cache and settings of this machine, so that it fetches what it must and no more.
    mkdirSync(at('home/.npm'), { recursive: true });
    if (existsSync(join(homedir(), '.npmrc'))) copyFileSync(join(homedir(), '.npmrc'), at('home/.npmrc'));
    const cache = existsSync(join(homedir(), '.npm')) ? join(homedir(), '.npm') : at('home/.npm');
    const args = [
      '--build-arg',
      `NODE_IMAGE=${BASE}`,
      '--volume',
      `${cache}:/root/.npm`,
      '--file',
      'docker/Dockerfile',
    ];
    await buildah.build(IMAGE, args, ROOT);

    const [root, config] = [await buildah.mount(IMAGE), await buildah.configOf(IMAGE)];
    mkdirSync(at('data'), { mode: 0o700 });
    chownSync(at('data'), USER, USER);
    const env = { ...secrets(), ...(await ports()), HOST: '127.0.0.1' };
    const confinement: Confinement = { root, config, data: at('data'), env };
    const faults = [
      ...contentFaults(root),
      ...(await writingFaults(confinement)),
      ...(await servingFaults(confinement)),
    ];
    const size = config.Labels['org.opencontainers.image.title'];
    return without(
      [...faults, ...(size === 'Gatehouse' ? [] : ['it has no OCI labels'])],
      'built by buildah without an engine; answers /health as user 1000 on a read-only root, without capabilities, and ends with 0',
      'mcp-health, mcp-connections, mcp-security-audit, mcp-restart, gatehouse keys and doctor work in it',
    );
  },
};

/** What production asks for, and the image says that it is production. */
function secrets(): Record<string, string> {
  const names = ['JWT_SECRET', 'MCP_SIG_SECRET', 'AGENT_SIG_SECRET', 'ADMIN_SECRET_KEY'];
  return Object.fromEntries(names.map((name) => [name, `${randomBytes(60).toString('base64url')}-A1a`]));
}

/** Ports that nobody else has on this machine: it may run a gateway already. */
async function ports(): Promise<Record<string, string>> {
  const names = ['PORT', 'MANAGEMENT_PORT', 'WS_PORT', 'TCP_PORT'];
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, String(await freePort())])));
}

function contentFaults(root: string): string[] {
  const bins = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin'].map((folder) => join(root, folder));
  const there = new Set(bins.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : [])));
  const faults = ABSENT.filter((name) => there.has(name)).map((name) => `${name} is in it`);
  const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
  };
  for (const [name, path] of Object.entries(bin)) {
    if (!there.has(name)) faults.push(`${name} is not on its PATH`);
    else if (!existsSync(join(root, 'app', path))) faults.push(`${name} leads nowhere`);
  }
  for (const name of ['vitest', 'oxlint', 'typescript', 'node'])
    if (existsSync(join(root, 'app/node_modules', name)))
      faults.push(`the package ${name} is in it, which is for development`);
  for (const folder of bins)
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const found = statSync(join(folder, name), { throwIfNoEntry: false });
      if (found && (found.mode & 0o6000) !== 0) faults.push(`${name} runs as its owner`);
    }
  if (existsSync(join(root, 'app/libs')) || existsSync(join(root, 'app/test')))
    faults.push('sources are in it');
  return faults;
}

async function writingFaults(confinement: Confinement): Promise<string[]> {
  const writer = new ConfinedProcess(confinement, ['node', '--eval', WRITING]);
  const code = await writer.end();
  const tries = Object.fromEntries(
    writer.output
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  );
  if (code !== 0) return [`a process of the image ended with ${code}: ${writer.output}`];
  const faults = ['/app/x', '/usr/local/bin/x', '/etc/x', '/x'].filter(
    (path) => !['EROFS', 'EACCES'].includes(tries[path]),
  );
  const open = ['/data/x', '/tmp/x'].filter((path) => tries[path] !== 'written');
  return [
    ...faults.map((path) => `${path} could be written: ${tries[path]}`),
    ...open.map((path) => `${path} could not be written: ${tries[path]}`),
  ];
}

async function servingFaults(confinement: Confinement): Promise<string[]> {
  const commands = await OperatorCommands.withKey(confinement);
  let gateway = await served(confinement);
  const faults: string[] = [];
  try {
    faults.push(...(await confinementFaults(confinement, gateway)));
    await commands.look();
    gateway = await commands.restart(gateway, () => served(confinement));
  } finally {
    const end = await gateway.end(confinement.config.StopSignal as NodeJS.Signals);
    if (end !== 0) faults.push(`it ended with ${end}`);
  }
  const dead = new ConfinedProcess(confinement, confinement.config.Healthcheck?.Test.slice(1) ?? []);
  if ((await dead.end()) === 0) faults.push('its health check passes where nothing runs');
  return [...faults, ...commands.faults];
}

async function confinementFaults(confinement: Confinement, gateway: ConfinedProcess): Promise<string[]> {
  const faults: string[] = [];
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  const says = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
  if (says('Uid') !== Array(4).fill(USER).join('\t')) faults.push(`it runs as ${says('Uid')}`);
  if (says('Gid') !== Array(4).fill(USER).join('\t')) faults.push(`its group is ${says('Gid')}`);
  for (const name of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb'])
    if (Number.parseInt(says(name) ?? '1', 16) !== 0) faults.push(`${name} is ${says(name)}`);
  if (says('NoNewPrivs') !== '1') faults.push('it may gain privileges');
  const rootMount = readFileSync(`/proc/${gateway.pid}/mountinfo`, 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[4] === '/');
  if (!rootMount?.split(' ')[5]?.split(',').includes('ro'))
    faults.push(`its root is not read-only: ${rootMount}`);
  const [, ...healthcheck] = confinement.config.Healthcheck?.Test ?? [];
  const probe = new ConfinedProcess(confinement, healthcheck);
  if (healthcheck.length === 0 || (await probe.end()) !== 0)
    faults.push(`its health check fails: ${probe.output}`);
  return faults;
}
