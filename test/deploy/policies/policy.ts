import type { Manifest } from '../manifest.ts';

/** What must hold for all objects of an overlay together: a line for each fault. */
export interface Policy {
  readonly name: string;
  readonly faults: (manifests: readonly Manifest[]) => string[];
}
