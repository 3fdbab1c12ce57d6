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
  /** For development, or where somebody asks for it (`--omit=optional` leaves it out). */
  readonly devOptional?: boolean;
  readonly link?: boolean;
}

/** What is installed in production, by its path under node_modules. */
function production(): [path: string, locked: LockedPackage][] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(packages).filter(
    ([path, { dev, devOptional, link }]) => path !== '' && !dev && !devOptional && !link,
  );
}

/** As npm names it in a bill of materials. */
function idOf([path, { version = '' }]: [path: string, locked: LockedPackage]): string {
  return `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`;
}

export const licences: Check = {
  name: 'licences',
  async run() {
    const packages = production().map((one) => ({
      name: idOf(one),
      licence: one[1].license ?? declaredIn(one[0]),
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
        `npm's registry has no list of known vulnerabilities to ask from here (${reason.replaceAll(/\s*-? ?\w* https?:\S+/g, '').slice(0, 200)})`,
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

interface Component {
  readonly name: string;
  readonly version: string;
  readonly 'bom-ref': string;
}

/** By the lock file: what npm marks as for development may, in another place of the tree, be for production too. */
function withoutDevelopment(text: string) {
  const bom = JSON.parse(text.replaceAll(SCP_ADDRESS, '"ssh://$1/$2"')) as {
    specVersion: string;
    components: Component[];
    dependencies: { ref: string; dependsOn: string[] }[];
  };
  const kept = new Set(production().map(idOf));
  const left = new Set(bom.components.map((one) => one['bom-ref']).filter((ref) => !kept.has(ref)));
  const components = bom.components.filter((component) => !left.has(component['bom-ref']));
  const dependencies = bom.dependencies
    .filter(({ ref }) => !left.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => !left.has(one)) }));
  return { bom: { ...bom, components, dependencies }, components, specVersion: bom.specVersion };
}

export const bill: Check = {
  name: 'bill of materials',
  async run() {
    // With `--omit dev`, npm leaves out what a development package asks for too, as @nestjs/core: it is left out here.
    const outcome = await command('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']);
    if (outcome.code !== 0) return failed(saidBy(outcome));
    const { bom, components, specVersion } = withoutDevelopment(outcome.out);
    const text = JSON.stringify(bom, undefined, 2);
    const python = await pinned('python');
    const valid = await command(python, ['-c', VALIDATION], { input: text });
    if (valid.code !== 0) return failed(`no valid CycloneDX: ${saidBy(valid)}`);
    const blind = await command(python, ['-c', VALIDATION], {
      input: text.replace('"components"', '"componets"'),
    });
    if (blind.code === 0) return failed('the check is blind: an unknown field was not seen');
    const listed = new Set(components.map((one) => one['bom-ref']));
    const missing = production()
      .map(idOf)
      .filter((one) => !listed.has(one));
    mkdirSync(join(ROOT, 'dist'), { recursive: true });
    writeFileSync(join(ROOT, SBOM), text);
    return without(
      missing.map((one) => `${one} is not in it`),
      `${SBOM}: CycloneDX ${specVersion}, ${components.length} components`,
    );
  },
};
