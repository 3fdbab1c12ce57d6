import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { failed, passed, without, type Check } from '../check.ts';
import { command, saidBy } from '../command.ts';
import { customResourceFaults, isCustom } from '../custom-resources.ts';
import { nameOf, type Manifest } from '../manifest.ts';
import { overlays } from '../overlays.ts';
import { policies } from '../policies/index.ts';
import { pinned } from '../tools.ts';

/** The oldest that Gatehouse is for (preStop.sleep), and the one that is checked against beside it. */
const VERSIONS = ['1.30.0', '1.34.0'];

export const kustomize: Check = {
  name: 'kustomize',
  async run() {
    const built = await overlays();
    return passed(...built.map(({ name, manifests }) => `${name}: ${manifests.length} objects`));
  },
};

export const schemas: Check = {
  name: 'schemas',
  async run() {
    const all = (await overlays()).flatMap(({ manifests }) => manifests);
    const core = all.filter((manifest) => !isCustom(manifest));
    const custom = all.filter(isCustom);
    const faults = [...(await coreFaults(core)), ...(await customResourceFaults(custom))];
    const unproven = await unprovenStrictness(core, custom);
    return without(
      [...faults, ...unproven],
      `${core.length} objects of Kubernetes ${VERSIONS.join(' and ')}, ${custom.length} of operators, unknown fields refused`,
    );
  },
};

export const policy: Check = {
  name: 'policies',
  async run() {
    const built = (await overlays()).filter(({ name }) => name.startsWith('k8s/overlays/'));
    const faults = built.flatMap(({ name, manifests }) =>
      policies.flatMap(({ faults: faultsIn }) => faultsIn(manifests).map((fault) => `${name}: ${fault}`)),
    );
    if (faults.length > 0) return failed(...faults);
    return passed(`${policies.length} policies hold in ${built.length} overlays`);
  },
};

async function coreFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-deploy-'));
  try {
    const file = join(folder, 'manifests.yaml');
    writeFileSync(file, manifests.map((manifest) => stringify(manifest)).join('---\n'));
    const faults: string[] = [];
    for (const version of VERSIONS) {
      const args = ['--strict', '--kubernetes-version', version, file];
      const outcome = await command(await pinned('kubernetes-validate'), args);
      const said = `${outcome.out}\n${outcome.err}`.replaceAll(`${file} `, '');
      // A kind that it has no schema for is a warning to it, and none to us.
      faults.push(...(said.match(/^(?:ERROR|WARN) .*/gm) ?? []));
      if (outcome.code !== 0 && faults.length === 0) faults.push(saidBy(outcome));
    }
    return faults;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function slipped(manifest: Manifest): Manifest {
  return { ...manifest, spec: { ...manifest.spec, replicsa: 1 } };
}

/** A check that lets everything pass looks just like one that works: each object is offered once more with a slip in it. */
async function unprovenStrictness(core: readonly Manifest[], custom: readonly Manifest[]): Promise<string[]> {
  const withSpec = core.filter(({ spec, kind }) => spec && kind !== 'Namespace').map(slipped);
  const found = await coreFaults(withSpec);
  const unseen =
    withSpec.length * VERSIONS.length - found.filter((fault) => fault.includes('replicsa')).length;
  const faults = unseen === 0 ? [] : [`the check is blind: ${unseen} unknown fields were not seen`];
  const seen = (await customResourceFaults(custom.map(slipped))).filter((fault) =>
    fault.includes('replicsa'),
  );
  const missed = custom.filter((manifest) => !seen.some((fault) => fault.startsWith(`${nameOf(manifest)}:`)));
  faults.push(
    ...missed.map((manifest) => `the check is blind: an unknown field of ${nameOf(manifest)} was not seen`),
  );
  return faults;
}
