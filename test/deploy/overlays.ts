import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root.ts';
import { command, saidBy } from './command.ts';
import { manifestsIn, type Manifest } from './manifest.ts';
import { pinned } from './tools.ts';

export interface Overlay {
  readonly name: string;
  readonly text: string;
  readonly manifests: readonly Manifest[];
}

const FOLDERS = [
  'k8s/edge',
  ...readdirSync(join(ROOT, 'k8s/overlays')).map((name) => `k8s/overlays/${name}`),
];
let built: Promise<Overlay[]> | undefined;

/** All that kustomize makes: once a run. */
export function overlays(): Promise<Overlay[]> {
  return (built ??= Promise.all(FOLDERS.map(build)));
}

async function build(folder: string): Promise<Overlay> {
  const outcome = await command(await pinned('kubectl'), ['kustomize', folder]);
  if (outcome.code !== 0) throw new Error(`${folder}: ${saidBy(outcome)}`);
  return { name: folder, text: outcome.out, manifests: manifestsIn(outcome.out) };
}
