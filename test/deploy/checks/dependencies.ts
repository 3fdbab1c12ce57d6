import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root.ts';
import { failed, notChecked, passed, without, type Check } from '../check.ts';
import { command, saidBy } from '../command.ts';
import { licenceFaults } from '../licences.ts';
import { pinned } from '../tools.ts';

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
}

/** What is installed in production, by its path under node_modules. */
function production(): [path: string, locked: LockedPackage][] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(packages).filter(([path, { dev, link }]) => path !== '' && !dev && !link);
}

export const licences: Check = {
  name: 'licences',
  async run() {
    const packages = production().map(([path, { version = '', license }]) => ({
      name: `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`,
      licence: license ?? declaredIn(path),
    }));
    return without(licenceFaults(packages), `those of ${packages.length} production packages are allowed`);
  },
};

/** The lock file has it only where the package says it in the modern way. */
function declaredIn(path: string): string | undefined {
  try {
    const { license, licenses } = JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')) as {
      license?: string | { type?: string };
      licenses?: { type?: string }[];
    };
    return typeof license === 'string' ? license : (license?.type ?? licenses?.[0]?.type);
  } catch {
    return undefined;
  }
}

interface AuditReport {
  readonly error?: { summary?: string; code?: string };
  readonly message?: string;
  readonly metadata?: { vulnerabilities: Readonly<Record<string, number>> };
  readonly vulnerabilities?: Readonly<
    Record<string, { severity: string; via: readonly (string | { title: string })[] }>
  >;
}

const TOLERATED = new Set(['info', 'low', 'moderate']);

export const vulnerabilities: Check = {
  name: 'vulnerabilities',
  async run() {
    const outcome = await command('npm', ['audit', '--omit=dev', '--json']);
    let report: AuditReport = {};
    try {
      report = JSON.parse(outcome.out) as AuditReport;
    } catch {
      // Said below.
    }
    if (!report.metadata) {
      const reason = report.error?.summary || report.message || saidBy(outcome, 2) || 'no answer';
      return notChecked(
        `npm's registry has no list of known vulnerabilities to ask from here (${reason.slice(0, 200)})`,
      );
    }
    const serious = Object.entries(report.vulnerabilities ?? {}).filter(
      ([, { severity }]) => !TOLERATED.has(severity),
    );
    if (serious.length === 0)
      return passed(`none that is high or critical: ${JSON.stringify(report.metadata.vulnerabilities)}`);
    return failed(
      ...serious.map(
        ([name, { severity, via }]) =>
          `${name}, ${severity}: ${via.map((one) => (typeof one === 'string' ? one : one.title)).join('; ')}`,
      ),
    );
  },
};

const SBOM = 'dist/gatehouse.cdx.json';
/** Validates standard input against CycloneDX's own schema, unknown fields refused. */
const VALIDATION = `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
text = sys.stdin.read()
import json
version = SchemaVersion.from_version(json.loads(text)['specVersion'])
fault = JsonStrictValidator(version).validate_str(text)
if fault: sys.exit(str(fault)[:2000])
`;

/** Some packages name their repository as scp does, `git@host:path`, which is no IRI, and npm passes it on. */
const SCP_ADDRESS = /"(git@[\w.-]+):([\w./-]+)"/g;

export const bill: Check = {
  name: 'bill of materials',
  async run() {
    const outcome = await command('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev']);
    if (outcome.code !== 0) return failed(saidBy(outcome));
    const text = outcome.out.replaceAll(SCP_ADDRESS, '"ssh://$1/$2"');
    const { components = [], specVersion } = JSON.parse(text) as {
      specVersion: string;
      components?: { group?: string; name: string; version: string }[];
    };
    const python = await pinned('python');
    const valid = await command(python, ['-c', VALIDATION], { input: text });
    if (valid.code !== 0) return failed(`no valid CycloneDX: ${saidBy(valid)}`);
    const blind = await command(python, ['-c', VALIDATION], {
      input: text.replace('"components"', '"componets"'),
    });
    if (blind.code === 0) return failed('the check is blind: an unknown field was not seen');
    const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
    const missing = production()
      .filter(([, { optional }]) => !optional)
      .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`)
      .filter((one) => !listed.has(one) && !listed.has(one.slice(one.indexOf('/') + 1)));
    mkdirSync(join(ROOT, 'dist'), { recursive: true });
    writeFileSync(join(ROOT, SBOM), text);
    return without(
      missing.map((one) => `${one} is not in it`),
      `${SBOM}: CycloneDX ${specVersion}, ${components.length} components`,
    );
  },
};
