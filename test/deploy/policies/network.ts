import { matches, nameOf, ofKind, templatesOf, type Labels, type Manifest } from '../manifest.ts';
import type { Policy } from './policy.ts';

interface Peer {
  readonly podSelector?: { matchLabels?: Labels };
  readonly namespaceSelector?: { matchLabels?: Labels };
  readonly ipBlock?: { cidr: string; except?: string[] };
}
interface Way {
  readonly from?: Peer[];
  readonly to?: Peer[];
  readonly ports?: { port: number | string; protocol?: string }[];
}
interface NetworkSpec {
  readonly podSelector: { matchLabels?: Labels };
  readonly policyTypes?: string[];
  readonly ingress?: Way[];
  readonly egress?: Way[];
}

/** What a node tells whoever asks: its credentials (AWS, for IPv4 and IPv6). */
const METADATA = ['169.254.169.254/32', 'fd00:ec2::254/128'];
/** Where names are served: pods of kube-dns, and the cache on the node, which is no pod. */
const NODE_LOCAL_DNS = '169.254.20.10/32';

function specOf(policy: Manifest): NetworkSpec {
  return policy.spec as unknown as NetworkSpec;
}

function isDeny({ podSelector, policyTypes = [], ingress, egress }: NetworkSpec): boolean {
  const isForBoth = ['Ingress', 'Egress'].every((type) => policyTypes.includes(type));
  return Object.keys(podSelector.matchLabels ?? {}).length === 0 && isForBoth && !ingress && !egress;
}

function opensTo(ways: readonly Way[] | undefined, port: number): Way[] {
  return (ways ?? []).filter(({ ports }) => ports?.some((one) => one.port === port));
}

export const denied: Policy = {
  name: 'nothing goes in or out by default, and no opening is for everybody',
  faults: (manifests) => {
    const policies = ofKind(manifests, 'NetworkPolicy');
    const faults = policies.some((policy) => isDeny(specOf(policy))) ? [] : ['there is no default deny'];
    for (const policy of policies) {
      const { ingress = [], egress = [] } = specOf(policy);
      for (const { from, to, ports } of [...ingress, ...egress]) {
        const peers = from ?? to ?? [];
        if (peers.length === 0) faults.push(`${nameOf(policy)} opens to everybody`);
        if (!ports) faults.push(`${nameOf(policy)} opens every port`);
        for (const { ipBlock } of peers) {
          const isAll = ipBlock && ipBlock.cidr.endsWith('/0');
          if (isAll && !METADATA.some((address) => ipBlock.except?.includes(address)))
            faults.push(`${nameOf(policy)} opens to ${ipBlock.cidr}, the metadata of the node included`);
        }
      }
    }
    return faults;
  },
};

export const resolvable: Policy = {
  name: 'every pod may ask for names, at kube-dns and at the cache on its node',
  faults: (manifests) => {
    const peers = ofKind(manifests, 'NetworkPolicy')
      .filter((policy) => Object.keys(specOf(policy).podSelector.matchLabels ?? {}).length === 0)
      .flatMap((policy) => opensTo(specOf(policy).egress, 53))
      .flatMap(({ to = [] }) => to);
    const faults: string[] = [];
    if (!peers.some(({ podSelector }) => podSelector?.matchLabels?.['k8s-app'] === 'kube-dns'))
      faults.push('kube-dns is not opened');
    if (!peers.some(({ ipBlock }) => ipBlock?.cidr === NODE_LOCAL_DNS))
      faults.push('the cache on the node is not opened');
    return faults;
  },
};

/** A selector finds pods, and a managed database is none: only a range of addresses does. */
export const databases: Policy = {
  name: 'the databases are opened by their addresses, to whoever has their URL',
  faults: (manifests) =>
    templatesOf(manifests).flatMap(({ of, labels, spec }) => {
      const variables = spec.containers.flatMap(({ env = [] }) => env.map(({ name }) => name));
      const needed = [
        ...(variables.some((name) => name.startsWith('DATABASE_URL')) ? [5432] : []),
        ...(variables.some((name) => name.startsWith('VALKEY_URL')) ? [6379] : []),
      ];
      const open = (port: number) =>
        ofKind(manifests, 'NetworkPolicy')
          .filter((policy) => matches(specOf(policy).podSelector.matchLabels ?? {}, labels))
          .flatMap((policy) => opensTo(specOf(policy).egress, port))
          .some(({ to = [] }) => to.some(({ ipBlock }) => ipBlock !== undefined));
      return needed
        .filter((port) => !open(port))
        .map((port) => `${nameOf(of)} can't reach its database at ${port}`);
    }),
};

/** Who serves must be reachable by somebody, at each port, and each opening must lead to a port that is served. */
export const served: Policy = {
  name: 'every opening leads to a port that is served, and every served port has one',
  faults: (manifests) =>
    templatesOf(manifests).flatMap(({ of, labels, spec }) => {
      const ports = spec.containers
        .flatMap((container) => container.ports ?? [])
        .map((port) => port.containerPort);
      const opened = ofKind(manifests, 'NetworkPolicy')
        .filter((policy) => matches(specOf(policy).podSelector.matchLabels ?? {}, labels))
        .flatMap((policy) => specOf(policy).ingress ?? [])
        .flatMap((way) => way.ports ?? [])
        .map(({ port }) => port);
      return [
        ...ports
          .filter((port) => !opened.includes(port))
          .map((port) => `${nameOf(of)}: nobody reaches ${port}`),
        ...opened
          .filter((port) => !ports.includes(port as number))
          .map((port) => `${nameOf(of)}: ${port} is opened, and not served`),
      ];
    }),
};
