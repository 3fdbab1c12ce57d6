import { containersOf, nameOf, templatesOf, type Container, type Template } from '../manifest.ts';
import type { Policy } from './policy.ts';

const USER = 1000;

function podFaults({ spec, of }: Template): string[] {
  const { securityContext: context, hostNetwork, hostPID, hostIPC, volumes = [] } = spec;
  const faults = [
    context?.runAsNonRoot !== true && 'does not say runAsNonRoot',
    context?.runAsUser !== USER && `does not run as user ${USER}`,
    context?.seccompProfile?.type !== 'RuntimeDefault' && 'has not the seccomp profile RuntimeDefault',
    spec.automountServiceAccountToken !== false && 'mounts a token of the Kubernetes API',
    (hostNetwork || hostPID || hostIPC) && 'shares a namespace of its node',
    volumes.some(({ hostPath }) => hostPath !== undefined) && 'mounts a folder of its node',
  ];
  return faults.flatMap((fault) => (fault ? [`${nameOf(of)} ${fault}`] : []));
}

/** A tag that names one version, or a digest. */
function isPinned(image: string): boolean {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return true;
  const tag = /:([\w][\w.-]*)$/.exec(image.slice(image.lastIndexOf('/') + 1))?.[1];
  return tag !== undefined && tag !== 'latest' && /\d/.test(tag);
}

function containerFaults(container: Container): string[] {
  const { image, securityContext: context, resources, env = [] } = container;
  const drops = context?.capabilities?.drop ?? [];
  const lacks = (kind: 'requests' | 'limits') => ['cpu', 'memory'].some((what) => !resources?.[kind]?.[what]);
  const faults = [
    !isPinned(image) && `takes whatever ${image} is today`,
    context?.readOnlyRootFilesystem !== true && 'may write to its root',
    context?.allowPrivilegeEscalation !== false && 'may gain privileges',
    context?.privileged === true && 'is privileged',
    context?.runAsNonRoot !== true && 'does not say runAsNonRoot',
    (!drops.includes('ALL') || (context?.capabilities?.add ?? []).length > 0) && 'keeps capabilities',
    lacks('requests') && 'requests no CPU or no memory',
    lacks('limits') && 'has no limit of CPU or memory',
    env.some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined) && 'has a secret in its environment',
  ];
  return faults.flatMap((fault) => (fault ? [`container ${container.name} ${fault}`] : []));
}

/** Kubernetes's restricted profile, and what we ask beyond it. */
export const hardenedPods: Policy = {
  name: 'pods run as user 1000, on a read-only root, without rights, within limits, from a pinned image',
  faults: (manifests) =>
    templatesOf(manifests).flatMap((template) => [
      ...podFaults(template),
      ...containersOf(template)
        .flatMap(containerFaults)
        .map((fault) => `${nameOf(template.of)}, ${fault}`),
    ]),
};

const PROBES = { startupProbe: '/startup', readinessProbe: '/ready', livenessProbe: '/health' } as const;

export const probed: Policy = {
  name: 'a deployment is probed at /startup, /ready and /health',
  faults: (manifests) =>
    templatesOf(manifests)
      .filter(({ of }) => of.kind === 'Deployment')
      .flatMap(({ of, spec }) =>
        Object.entries(PROBES).flatMap(([kind, path]) => {
          const [container] = spec.containers;
          const probe = container?.[kind as keyof typeof PROBES]?.httpGet;
          const ports = container?.ports?.flatMap(({ name, containerPort }) => [name, containerPort]) ?? [];
          if (probe?.path !== path) return [`${nameOf(of)}: its ${kind} does not ask ${path}`];
          return ports.includes(probe.port)
            ? []
            : [`${nameOf(of)}: its ${kind} asks a port that is not there`];
        }),
      ),
};

/** Beside the time that a call in flight may take, what the program takes for its last words (main.ts). */
const LAST_WORDS_S = 25;

export const drained: Policy = {
  name: 'a pod has as long to end as the program may take for it',
  faults: (manifests) =>
    templatesOf(manifests)
      .filter(({ of }) => of.kind === 'Deployment')
      .flatMap(({ of, spec }) => {
        const settings = Object.assign(
          {},
          ...manifests.filter(({ kind }) => kind === 'ConfigMap').map(({ data }) => data),
        ) as Record<string, string>;
        const seconds = (name: string, fallback: number) => Number(settings[name] ?? fallback) / 1000;
        const preStop = spec.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
        const needed =
          preStop + seconds('SHUTDOWN_DELAY_MS', 0) + seconds('REQUEST_TIMEOUT_MS', 30_000) + LAST_WORDS_S;
        const given = spec.terminationGracePeriodSeconds ?? 30;
        return given >= needed ? [] : [`${nameOf(of)} is killed after ${given} s, and may need ${needed} s`];
      }),
};
