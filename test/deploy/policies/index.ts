import { counted, entered, meshed } from './mesh.ts';
import { alerting, scraped } from './monitoring.ts';
import { databases, denied, resolvable, served } from './network.ts';
import { drained, hardenedPods, probed } from './pods.ts';
import type { Policy } from './policy.ts';
import { names, ports, selectors } from './references.ts';
import { byName, confined } from './rights.ts';

/** What we ask of all objects of an overlay. */
export const policies: readonly Policy[] = [
  confined,
  hardenedPods,
  probed,
  drained,
  selectors,
  ports,
  names,
  denied,
  resolvable,
  databases,
  served,
  byName,
  meshed,
  entered,
  counted,
  scraped,
  alerting,
];
export type { Policy };
