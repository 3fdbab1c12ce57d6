import { matches, nameOf, ofKind, templatesOf, type Labels, type Template } from '../manifest.ts';
import type { Policy } from './policy.ts';

/** The ports where HTTP is spoken, by their names. */
const HTTP = new Set(['http', 'websocket']);
/** Whoever comes from outside comes by it, and it writes X-Forwarded-For itself. */
const ENTRANCE = /\/sa\/istio-ingressgateway/;
const FORWARDED = 'request.headers[x-forwarded-for]';

interface Opening {
  readonly from?: { source: { principals?: string[] } }[];
  readonly to?: { operation: { ports?: string[] } }[];
  readonly when?: { key: string; notValues?: string[] }[];
}
interface Authorization {
  readonly selector?: { matchLabels?: Labels };
  readonly action?: string;
  readonly rules?: readonly Opening[];
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
      for (const rule of rules) {
        const { from = [], to = [] } = rule;
        if (from.length === 0) faults.push(`${nameOf(policy)} lets anybody in`);
        if (believes(rule, pods))
          faults.push(`${nameOf(policy)} believes callers who they say they speak for`);
        for (const port of to.flatMap(({ operation }) => operation.ports ?? []))
          if (!ports.has(port)) faults.push(`${nameOf(policy)}: ${port} is not served`);
      }
    }
    return faults;
  },
};

/**
 * The sidecar speaks to Gatehouse from one address, whoever called it, and passes X-Forwarded-For on. So the header of a caller
 * that no ingress gateway stands before must be refused there: Gatehouse can't tell it from a true one.
 */
function believes({ from = [], to = [], when = [] }: Opening, pods: readonly Template[]): boolean {
  const ports = pods.flatMap(({ spec }) => spec.containers.flatMap((one) => one.ports ?? []));
  const http = new Set(
    ports.filter(({ name }) => HTTP.has(name ?? '')).map((port) => String(port.containerPort)),
  );
  const isHttp = to.some(({ operation }) => operation.ports?.some((port) => http.has(port)) ?? true);
  const isEntrance = from.every(({ source }) => source.principals?.every((one) => ENTRANCE.test(one)));
  const isRefused = when.some(({ key, notValues = [] }) => key === FORWARDED && notValues.includes('*'));
  return isHttp && !isEntrance && !isRefused;
}

interface GatewaySpec {
  readonly servers: readonly {
    readonly hosts: readonly string[];
    readonly tls?: { readonly mode?: string };
  }[];
}

/** An Application Load Balancer names no host when it opens TLS to us (SNI, RFC 6066, section 3). */
export const entered: Policy = {
  name: 'the ingress gateway takes TLS that names no host, and requests for named hosts alone',
  faults: (manifests) => [
    ...ofKind(manifests, 'Gateway')
      .filter(({ spec }) =>
        (spec as unknown as GatewaySpec).servers.some(
          ({ hosts, tls }) => tls?.mode !== undefined && !hosts.includes('*'),
        ),
      )
      .map((gateway) => `${nameOf(gateway)} hangs up on a load balancer, which names no host`),
    ...ofKind(manifests, 'VirtualService')
      .filter(({ spec }) => (spec as { hosts: string[] }).hosts.some((host) => host.includes('*')))
      .map((service) => `${nameOf(service)} takes requests for any host`),
  ],
};

/** To the sidecar, the address of a caller from outside is the load balancer's, which all of them share. */
export const counted: Policy = {
  name: 'limits in the mesh count callers, and never a proxy for one',
  faults: (manifests) =>
    ofKind(manifests, 'EnvoyFilter')
      .filter(({ spec }) => JSON.stringify(spec).includes('"remote_address"'))
      .map((filter) => `${nameOf(filter)} counts all callers behind a proxy as one`),
};
