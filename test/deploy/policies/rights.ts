import { matches, nameOf, ofKind, templatesOf, type Labels } from '../manifest.ts';
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

interface Authorization {
  readonly selector?: { matchLabels?: Labels };
  readonly action?: string;
  readonly rules?: { from?: unknown[]; to?: { operation: { ports?: string[] } }[] }[];
}

function isNothing({ selector, rules, action }: Authorization): boolean {
  return !selector && !rules && !action;
}

/** Only where the mesh is: what is not encrypted or not named there is refused. */
export const meshed: Policy = {
  name: 'the mesh takes no plain traffic, and only from who is named, at ports that are served',
  faults: (manifests) => {
    const modes = ofKind(manifests, 'PeerAuthentication').map(
      ({ spec }) => spec as { mtls?: { mode?: string }; portLevelMtls?: object },
    );
    if (modes.length === 0) return [];
    const faults = modes.every(({ mtls, portLevelMtls }) => mtls?.mode === 'STRICT' && !portLevelMtls)
      ? []
      : ['a PeerAuthentication is not STRICT for all ports'];
    const policies = ofKind(manifests, 'AuthorizationPolicy');
    if (!policies.some(({ spec }) => isNothing(spec ?? {})))
      faults.push('no AuthorizationPolicy refuses by default');
    for (const policy of policies) {
      const { selector, rules = [] } = (policy.spec ?? {}) as Authorization;
      const pods = templatesOf(manifests).filter(({ labels }) =>
        matches(selector?.matchLabels ?? {}, labels),
      );
      const ports = new Set(
        pods
          .flatMap(({ spec }) => spec.containers.flatMap((one) => one.ports ?? []))
          .map((port) => String(port.containerPort)),
      );
      for (const { from = [], to = [] } of rules) {
        if (from.length === 0) faults.push(`${nameOf(policy)} lets anybody in`);
        for (const port of to.flatMap(({ operation }) => operation.ports ?? []))
          if (!ports.has(port)) faults.push(`${nameOf(policy)}: ${port} is not served`);
      }
    }
    return faults;
  },
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
