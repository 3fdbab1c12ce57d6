import {
  containersOf,
  matches,
  nameOf,
  ofKind,
  templatesOf,
  type Labels,
  type Manifest,
} from '../manifest.ts';
import type { Policy } from './policy.ts';

interface Selecting {
  readonly what: string;
  readonly labels: Labels;
}

/** Every selector of pods, whatever kind of object it stands in. */
function selectorsOf(manifest: Manifest): Selecting[] {
  const spec = (manifest.spec ?? {}) as {
    selector?: Labels & { matchLabels?: Labels };
    podSelector?: { matchLabels?: Labels };
    workloadSelector?: { labels?: Labels };
  };
  const what = nameOf(manifest);
  switch (manifest.kind) {
    case 'Service':
      return [{ what, labels: spec.selector ?? {} }];
    case 'NetworkPolicy':
      return [{ what, labels: spec.podSelector?.matchLabels ?? {} }];
    case 'EnvoyFilter':
      return [{ what, labels: spec.workloadSelector?.labels ?? {} }];
    case 'Deployment':
    case 'PodDisruptionBudget':
    case 'AuthorizationPolicy':
    case 'PeerAuthentication':
      return [{ what, labels: spec.selector?.matchLabels ?? {} }];
    default:
      return [];
  }
}

export const selectors: Policy = {
  name: 'every selector of pods matches a pod template',
  faults: (manifests) => {
    const templates = templatesOf(manifests);
    return manifests
      .flatMap(selectorsOf)
      .filter(({ labels }) => !templates.some((template) => matches(labels, template.labels)))
      .map(({ what, labels }) => `${what} selects ${JSON.stringify(labels)}, which no pod has`);
  },
};

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: string | number;
}

export const ports: Policy = {
  name: "every port of a Service is one of its pods'",
  faults: (manifests) =>
    ofKind(manifests, 'Service').flatMap((service) => {
      const { selector, ports: own } = service.spec as { selector: Labels; ports: ServicePort[] };
      const served = new Set<string | number | undefined>(
        templatesOf(manifests)
          .filter(({ labels }) => matches(selector, labels))
          .flatMap((template) => containersOf(template).flatMap((container) => container.ports ?? []))
          .flatMap(({ name, containerPort }) => [name, containerPort]),
      );
      return own
        .filter(({ port, targetPort = port }) => !served.has(targetPort))
        .map(
          ({ port, targetPort }) =>
            `${nameOf(service)}: ${port} goes to ${targetPort}, where nothing listens`,
        );
    }),
};

/** Names of objects that another one needs, of the kinds that are in these manifests. */
function namedBy(manifest: Manifest): { kind: string; name: string }[] {
  const spec = (manifest.spec ?? {}) as {
    scaleTargetRef?: { kind: string; name: string };
    secretStoreRef?: { kind: string; name: string };
    provider?: { aws?: { auth?: { jwt?: { serviceAccountRef?: { name: string } } } } };
    gateways?: string[];
    http?: { route: { destination: { host: string } }[] }[];
  };
  const account = spec.provider?.aws?.auth?.jwt?.serviceAccountRef?.name;
  return [
    ...(spec.scaleTargetRef ? [spec.scaleTargetRef] : []),
    ...(spec.secretStoreRef ? [spec.secretStoreRef] : []),
    ...(account ? [{ kind: 'ServiceAccount', name: account }] : []),
    ...(manifest.roleRef ? [manifest.roleRef] : []),
    ...(spec.gateways ?? []).map((name) => ({ kind: 'Gateway', name })),
    ...(spec.http ?? []).flatMap(({ route }) =>
      route.map(({ destination }) => ({ kind: 'Service', name: destination.host })),
    ),
  ];
}

/** Keys of each Secret that will be there: those that an ExternalSecret makes. */
function secretsOf(manifests: readonly Manifest[]): Map<string, string[]> {
  const made = ofKind(manifests, 'ExternalSecret').map(({ spec }) => {
    const { target } = spec as { target: { name: string; template: { data: Labels } } };
    return [target.name, Object.keys(target.template.data)] as const;
  });
  return new Map(made);
}

export const names: Policy = {
  name: 'whatever is named is there: accounts, roles, settings, secrets and their keys',
  faults: (manifests) => {
    const secrets = secretsOf(manifests);
    const has = (kind: string, name: string) =>
      manifests.some((one) => one.kind === kind && one.metadata.name === name);
    const missing = manifests.flatMap((manifest) =>
      namedBy(manifest)
        .filter(({ kind, name }) => !has(kind, name))
        .map(({ kind, name }) => `${nameOf(manifest)} names ${kind} ${name}, which is not there`),
    );
    const ofPods = templatesOf(manifests).flatMap((template) => {
      const { serviceAccountName = 'default', volumes = [] } = template.spec;
      const faults = has('ServiceAccount', serviceAccountName)
        ? []
        : [`no ServiceAccount ${serviceAccountName}`];
      for (const { secret, configMap } of volumes) {
        if (configMap && configMap.optional !== true && !has('ConfigMap', configMap.name ?? ''))
          faults.push(`no ConfigMap ${configMap.name}`);
        if (!secret) continue;
        const keys = secrets.get(secret.secretName);
        if (!keys) faults.push(`nothing makes Secret ${secret.secretName}`);
        for (const { key } of secret.items ?? [])
          if (keys && !keys.includes(key)) faults.push(`Secret ${secret.secretName} has no ${key}`);
      }
      for (const { envFrom = [], env = [], volumeMounts = [] } of containersOf(template)) {
        for (const { configMapRef } of envFrom)
          if (configMapRef && !has('ConfigMap', configMapRef.name ?? ''))
            faults.push(`no ConfigMap ${configMapRef.name}`);
        for (const { name, value = '' } of env) {
          if (!name.endsWith('_FILE')) continue;
          const mount = volumeMounts.find(({ mountPath }) => value.startsWith(`${mountPath}/`));
          const volume = volumes.find((one) => one.name === mount?.name);
          const key = value.slice(value.lastIndexOf('/') + 1);
          const keys =
            volume?.secret?.items?.map((item) => item.key) ??
            secrets.get(volume?.secret?.secretName ?? '') ??
            [];
          if (!keys.includes(key)) faults.push(`${name} is ${value}, where no secret is mounted`);
        }
      }
      return faults.map((fault) => `${nameOf(template.of)}: ${fault}`);
    });
    return [...missing, ...ofPods];
  },
};
