import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { ROOT } from '../../support/root.ts';
import { matches, nameOf, ofKind, type Labels } from '../manifest.ts';
import type { Policy } from './policy.ts';

/** The alerts, which have tests of their own (checks/prometheus.ts). */
const RULES = 'docker/prometheus/rules/gatehouse.yml';
/** The scrape job that they ask for. */
const JOB = 'gatehouse';

interface Monitor {
  readonly jobLabel?: string;
  readonly selector: { readonly matchLabels: Labels };
  readonly endpoints: readonly { readonly port: string }[];
}
interface Rules {
  readonly groups?: readonly unknown[];
}

export const scraped: Policy = {
  name: 'a ServiceMonitor finds its Service and its port, under the name of the job that alerts ask for',
  faults: (manifests) =>
    ofKind(manifests, 'ServiceMonitor').flatMap((monitor) => {
      const { selector, endpoints, jobLabel = '' } = monitor.spec as unknown as Monitor;
      const services = ofKind(manifests, 'Service').filter(({ metadata }) =>
        matches(selector.matchLabels, metadata.labels),
      );
      const ports = new Set(
        services.flatMap(({ spec }) => (spec as { ports: { name: string }[] }).ports.map(({ name }) => name)),
      );
      // Without a label that names it, the job is named as the Service is.
      const jobs = services.map(({ metadata }) => metadata.labels?.[jobLabel] ?? metadata.name);
      return [
        ...endpoints
          .filter(({ port }) => !ports.has(port))
          .map(({ port }) => `${nameOf(monitor)} finds no ${port}`),
        ...jobs
          .filter((job) => job !== JOB)
          .map((job) => `${nameOf(monitor)}: the job is ${job}, and alerts ask for ${JOB}`),
      ];
    }),
};

export const alerting: Policy = {
  name: 'whoever is scraped has every alert, as it is tested',
  faults: (manifests) => {
    if (ofKind(manifests, 'ServiceMonitor').length === 0) return [];
    const groups = ofKind(manifests, 'PrometheusRule').flatMap(({ spec }) => (spec as Rules).groups ?? []);
    const { groups: tested = [] } = parse(readFileSync(join(ROOT, RULES), 'utf8')) as Rules;
    return isDeepStrictEqual(groups, tested) ? [] : [`the alerts are not those of ${RULES}`];
  },
};
