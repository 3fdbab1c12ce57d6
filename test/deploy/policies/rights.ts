import { nameOf, ofKind } from '../manifest.ts';
import type { Policy } from './policy.ts';

const READING = new Set(['get', 'list', 'watch']);

export const byName: Policy = {
  name: 'a right to change names its object, and nobody may read Secrets',
  faults: (manifests) =>
    ofKind(manifests, 'Role', 'ClusterRole').flatMap((role) =>
      (role.rules ?? []).flatMap(({ apiGroups, resources, resourceNames = [], verbs }) => {
        const all = [...apiGroups, ...resources, ...verbs];
        const faults = [
          role.kind === 'ClusterRole' && 'reaches beyond its namespace',
          all.includes('*') && 'has a wildcard',
          resources.some((one) => one.startsWith('secrets')) && 'reaches Secrets',
          resourceNames.length === 0 &&
            verbs.some((verb) => !READING.has(verb)) &&
            `may ${verbs.join(', ')} any ${resources.join(', ')}`,
        ];
        const missing = resourceNames.filter(
          (name) => !manifests.some(({ metadata }) => metadata.name === name),
        );
        return [
          ...faults.filter((fault) => fault !== false),
          ...missing.map((name) => `names ${name}, which is not there`),
        ].map((fault) => `${nameOf(role)} ${fault}`);
      }),
    ),
};

export const confined: Policy = {
  name: 'all objects are of one namespace, which admits restricted pods alone',
  faults: (manifests) => {
    const namespaces = new Set(
      manifests.filter(({ kind }) => kind !== 'Namespace').map(({ metadata }) => metadata.namespace),
    );
    const faults = namespaces.size === 1 ? [] : [`there are objects of ${[...namespaces].join(', ')}`];
    for (const namespace of ofKind(manifests, 'Namespace')) {
      if (!namespaces.has(namespace.metadata.name)) faults.push(`${nameOf(namespace)} is empty`);
      if (namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'] !== 'restricted')
        faults.push(`${nameOf(namespace)} admits any pod`);
    }
    return faults;
  },
};
