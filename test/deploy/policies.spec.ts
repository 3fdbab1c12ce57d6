import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ROOT } from '../support/root.ts';
import { manifestsIn, type Manifest } from './manifest.ts';
import { policies } from './policies/index.ts';

const labels = { app: 'gatehouse' };
const alerts = readFileSync(join(ROOT, 'docker/prometheus/rules/gatehouse.yml'), 'utf8');

function object<R extends object>(apiVersion: string, kind: string, name: string, rest: R) {
  return { apiVersion, kind, metadata: { name, namespace: 'demo' } as Record<string, unknown>, ...rest };
}

function probe(path: string) {
  return { httpGet: { path, port: 'http' } };
}

/** As small as an overlay can be that breaks no policy. A function, so that each test may change its own. */
function sound() {
  const container = {
    name: 'gateway',
    image: 'registry.example.com/gatehouse:1.2.3',
    ports: [{ name: 'http', containerPort: 8000 }],
    env: [{ name: 'DATABASE_URL_FILE', value: '/run/secrets/DATABASE_URL' }],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
    resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
    startupProbe: probe('/startup'),
    readinessProbe: probe('/ready'),
    livenessProbe: probe('/health'),
    volumeMounts: [{ name: 'secrets', mountPath: '/run/secrets' }],
  };
  const pod = {
    serviceAccountName: 'gatehouse',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 60,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [container],
    volumes: [{ name: 'secrets', secret: { secretName: 'secrets' } }],
  };
  const policy = (name: string, spec: object) =>
    object('networking.k8s.io/v1', 'NetworkPolicy', name, { spec });
  const dns = {
    to: [
      { podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
      { ipBlock: { cidr: '169.254.20.10/32' } },
    ],
    ports: [{ port: 53 }],
  };
  return {
    container,
    pod,
    namespace: {
      ...object('v1', 'Namespace', 'demo', {}),
      metadata: { name: 'demo', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    },
    account: object('v1', 'ServiceAccount', 'gatehouse', {}),
    secret: object('external-secrets.io/v1', 'ExternalSecret', 'secrets', {
      spec: { target: { name: 'secrets', template: { data: { DATABASE_URL: '{{ .url }}' } } } },
    }),
    deployment: object('apps/v1', 'Deployment', 'gatehouse', {
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    }),
    service: object('v1', 'Service', 'gatehouse', {
      metadata: { name: 'gatehouse-api', namespace: 'demo', labels: { ...labels } },
      spec: {
        selector: { ...labels },
        ports: [{ name: 'http', port: 80, targetPort: 'http' }],
      },
    }),
    denial: policy('deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    dns: policy('dns', { podSelector: {}, policyTypes: ['Egress'], egress: [dns] }),
    database: policy('database', {
      podSelector: { matchLabels: labels },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/20' } }], ports: [{ port: 5432 }] }],
    }),
    entrance: policy('entrance', {
      podSelector: { matchLabels: labels },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8000 }] }],
    }),
    monitor: object('monitoring.coreos.com/v1', 'ServiceMonitor', 'gatehouse', {
      spec: { jobLabel: 'app', selector: { matchLabels: labels }, endpoints: [{ port: 'http' }] },
    }),
    rules: object('monitoring.coreos.com/v1', 'PrometheusRule', 'gatehouse', {
      spec: parse(alerts) as { groups: { name: string; rules: { expr: string }[] }[] },
    }),
    encryption: object('security.istio.io/v1', 'PeerAuthentication', 'strict', {
      spec: { mtls: { mode: 'STRICT' } },
    }),
    nobody: object('security.istio.io/v1', 'AuthorizationPolicy', 'nobody', { spec: {} }),
    agents: object('security.istio.io/v1', 'AuthorizationPolicy', 'agents', {
      spec: {
        selector: { matchLabels: labels },
        action: 'ALLOW',
        rules: [
          {
            from: [{ source: { principals: ['cluster.local/ns/agents/sa/*'] } }],
            to: [{ operation: { ports: ['8000'] } }],
            when: [{ key: 'request.headers[x-forwarded-for]', notValues: ['*'] }],
          },
        ],
      },
    }),
    gateway: object('networking.istio.io/v1', 'Gateway', 'gateway', {
      spec: { servers: [{ hosts: ['*'], tls: { mode: 'SIMPLE' } }] },
    }),
    route: object('networking.istio.io/v1', 'VirtualService', 'route', {
      spec: { hosts: ['gatehouse.example.com'] },
    }),
    flood: object('networking.istio.io/v1alpha3', 'EnvoyFilter', 'flood', {
      spec: {
        workloadSelector: { labels },
        rate_limits: [{ actions: [{ request_headers: { header_name: 'authorization' } }] as object[] }],
      },
    }),
    role: object('rbac.authorization.k8s.io/v1', 'Role', 'operator', {
      rules: [
        { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['gatehouse'], verbs: ['patch'] },
      ],
    }),
  };
}
type Sound = ReturnType<typeof sound>;

/** Through YAML, as kustomize hands them over. */
function faultsOf({ container: _container, pod: _pod, ...objects }: Sound): string[] {
  const manifests: readonly Manifest[] = manifestsIn(
    Object.values(objects)
      .map((one) => stringify(one))
      .join('---\n'),
  );
  return policies.flatMap(({ faults }) => faults(manifests));
}

describe('the policies', () => {
  it('have nothing against an overlay that is sound', () => {
    expect(faultsOf(sound())).toEqual([]);
  });

  const slips: readonly [what: string, slip: (it: Sound) => void, says: string][] = [
    [
      'an image of no version',
      ({ container }) => (container.image = 'gatehouse'),
      'takes whatever gatehouse is today',
    ],
    [
      'the tag latest',
      ({ container }) => (container.image = 'gatehouse:latest'),
      'takes whatever gatehouse:latest is today',
    ],
    [
      'a root that may be written',
      ({ container }) => (container.securityContext.readOnlyRootFilesystem = false),
      'may write to its root',
    ],
    [
      'capabilities',
      ({ container }) => (container.securityContext.capabilities.drop = []),
      'keeps capabilities',
    ],
    [
      'no limit',
      ({ container }) => (container.resources.limits.memory = ''),
      'has no limit of CPU or memory',
    ],
    ['root', ({ pod }) => (pod.securityContext.runAsUser = 0), 'does not run as user 1000'],
    ['a token', ({ pod }) => (pod.automountServiceAccountToken = true), 'mounts a token'],
    [
      'another probe',
      ({ container }) => (container.livenessProbe.httpGet.path = '/ready'),
      'its livenessProbe does not ask /health',
    ],
    [
      'too little time to end',
      ({ pod }) => (pod.terminationGracePeriodSeconds = 30),
      'is killed after 30 s, and may need 55 s',
    ],
    ['a selector of nothing', ({ service }) => (service.spec.selector.app = 'other'), 'which no pod has'],
    [
      'a port where nothing listens',
      ({ service }) => (service.spec.ports[0]!.targetPort = 'grpc'),
      '80 goes to grpc, where nothing listens',
    ],
    [
      'an account that is not there',
      ({ pod }) => (pod.serviceAccountName = 'other'),
      'no ServiceAccount other',
    ],
    [
      'a secret that nothing makes',
      ({ pod }) => (pod.volumes[0]!.secret.secretName = 'other'),
      'nothing makes Secret other',
    ],
    [
      'a file of no secret',
      ({ container }) => (container.env[0]!.value = '/run/secrets/OTHER'),
      'where no secret is mounted',
    ],
    [
      'no default deny',
      (overlay) => Object.assign(overlay.denial.spec, { policyTypes: ['Ingress'] }),
      'there is no default deny',
    ],
    [
      'names that nobody resolves',
      (overlay) => Object.assign(overlay.dns.spec, { egress: [] }),
      'kube-dns is not opened',
    ],
    [
      'the metadata of the node',
      (overlay) =>
        Object.assign(overlay.database.spec, {
          egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 5432 }] }],
        }),
      'the metadata of the node included',
    ],
    [
      'a managed database by a selector',
      (overlay) =>
        Object.assign(overlay.database.spec, {
          egress: [{ to: [{ podSelector: { matchLabels: labels } }], ports: [{ port: 5432 }] }],
        }),
      "can't reach its database at 5432",
    ],
    [
      'an opening for everybody',
      (overlay) => Object.assign(overlay.entrance.spec, { ingress: [{ ports: [{ port: 8000 }] }] }),
      'opens to everybody',
    ],
    [
      'a port that nobody reaches',
      ({ container }) => container.ports.push({ name: 'other', containerPort: 9 }),
      'nobody reaches 9',
    ],
    [
      'a right to all',
      ({ role }) =>
        Object.assign(role, {
          rules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'] }],
        }),
      'may patch any deployments',
    ],
    [
      'Secrets',
      ({ role }) =>
        Object.assign(role, { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] }),
      'reaches Secrets',
    ],
    [
      'a job that no alert asks for',
      ({ monitor }) => (monitor.spec.jobLabel = ''),
      'the job is gatehouse-api, and alerts ask for gatehouse',
    ],
    [
      'a port of nobody that is scraped',
      ({ monitor }) => (monitor.spec.endpoints[0]!.port = 'other'),
      'ServiceMonitor gatehouse finds no other',
    ],
    [
      'an alert that is not as it was tested',
      ({ rules }) => (rules.spec.groups[0]!.rules[0]!.expr = 'vector(0)'),
      'the alerts are not those of docker/prometheus/rules/gatehouse.yml',
    ],
    [
      'no alerts',
      ({ rules }) => rules.spec.groups.splice(0),
      'the alerts are not those of docker/prometheus/rules/gatehouse.yml',
    ],
    [
      'plain traffic in the mesh',
      ({ encryption }) => (encryption.spec.mtls.mode = 'PERMISSIVE'),
      'a PeerAuthentication is not STRICT for all ports',
    ],
    [
      'a mesh that lets in whoever is not named',
      ({ nobody }) => Object.assign(nobody.spec, { action: 'DENY' }),
      'no AuthorizationPolicy refuses by default',
    ],
    [
      'agents that are believed whom they speak for',
      ({ agents }) => agents.spec.rules[0]!.when.splice(0),
      'AuthorizationPolicy agents believes callers who they say they speak for',
    ],
    [
      'a gateway that waits for a name',
      ({ gateway }) => (gateway.spec.servers[0]!.hosts = ['gatehouse.example.com']),
      'Gateway gateway hangs up on a load balancer',
    ],
    [
      'requests for any host',
      ({ route }) => (route.spec.hosts = ['*']),
      'VirtualService route takes requests for any host',
    ],
    [
      'a proxy that counts as a caller',
      ({ flood }) => flood.spec.rate_limits[0]!.actions.push({ remote_address: {} }),
      'EnvoyFilter flood counts all callers behind a proxy as one',
    ],
    ['another namespace', ({ service }) => (service.metadata['namespace'] = 'other'), 'there are objects of'],
  ];

  it.each(slips)('find %s', (_, slip, says) => {
    const overlay = sound();
    slip(overlay);
    expect(faultsOf(overlay).join('\n')).toContain(says);
  });
});
