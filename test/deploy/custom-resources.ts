import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../support/root.ts';
import { nameOf, type Manifest } from './manifest.ts';

const PACKAGES: readonly [group: RegExp, name: string][] = [
  [/^external-secrets\.io$/, '@kubernetes-models/external-secrets'],
  [/^monitoring\.coreos\.com$/, '@kubernetes-models/prometheus-operator'],
  [/\.istio\.io$/, '@kubernetes-models/istio'],
];

interface Validating {
  /** Throws what is wrong: types, values, what is missing. It passes over unknown fields. */
  validate(): void;
}
type Model = new (data: Manifest) => Validating;

const VIRTUAL = join(ROOT, 'test/deploy/offered-resources.ts');
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
};

/** Files of the compiler's library and of the packages, parsed once a run. */
const parsed = new Map<string, ts.SourceFile | undefined>();

export function isCustom({ apiVersion }: Manifest): boolean {
  return packageOf(apiVersion) !== undefined;
}

/**
 * Faults of objects whose kinds are no part of Kubernetes. Their packages hold both a validator, made from the operators'
 * own schemas, and types; a literal of such a type may have no field that the type does not have (TypeScript, "Excess
 * Property Checks"), so the compiler finds the unknown fields that the validator passes over.
 */
export async function customResourceFaults(manifests: readonly Manifest[]): Promise<string[]> {
  return [...(await Promise.all(manifests.map(invalid))).flat(), ...unknownFields(manifests)];
}

async function invalid(manifest: Manifest): Promise<string[]> {
  try {
    const models = (await import(moduleOf(manifest))) as Record<string, Model>;
    new models[manifest.kind]!(manifest).validate();
    return [];
  } catch (error) {
    return [`${nameOf(manifest)}: ${(error as Error).message}`];
  }
}

function unknownFields(manifests: readonly Manifest[]): string[] {
  if (manifests.length === 0) return [];
  const lines = manifests.map(
    (manifest, index) =>
      `import type { I${manifest.kind} as T${index} } from '${moduleOf(manifest)}'; export const o${index}: T${index} = ${JSON.stringify(manifest)};`,
  );
  const host = ts.createCompilerHost(OPTIONS);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) => {
    if (name === VIRTUAL) return ts.createSourceFile(name, lines.join('\n'), version);
    if (!parsed.has(name)) parsed.set(name, read(name, version));
    return parsed.get(name);
  };
  const program = ts.createProgram([VIRTUAL], OPTIONS, host);
  const source = program.getSourceFile(VIRTUAL)!;
  return ts.getPreEmitDiagnostics(program, source).map(({ messageText, start = 0 }) => {
    const { line } = source.getLineAndCharacterOfPosition(start);
    return `${nameOf(manifests[line]!)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

function packageOf(apiVersion: string): string | undefined {
  const [group = ''] = apiVersion.split('/');
  return PACKAGES.find(([pattern]) => pattern.test(group))?.[1];
}

function moduleOf({ apiVersion, kind }: Manifest): string {
  return `${packageOf(apiVersion)}/${apiVersion}/${kind}`;
}
