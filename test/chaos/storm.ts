import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { Fleet } from './fleet.ts';
import type { Load } from './load.ts';
import { now } from './now.ts';
import type { Progress } from './progress.ts';
import type { Random } from './random.ts';
import type { Violations } from './violations.ts';
import { becomesDivided } from './watch.ts';

/** How long gateways may take to notice a fault, and to share again after it, on a machine that does other things too. */
const TURN_LIMIT_MS = 20_000;
/** Longer than two windows of the limits. */
const LASTS_MS = [1_300, 2_300] as const;
/** Longer than one. */
const CALM_MS = [1_500, 2_000] as const;

export interface StormOptions {
  fleet: Fleet;
  load: Load;
  random: Random;
  violations: Violations;
  progress: Progress;
}

/** One that struck, from just before until all was well again. */
export interface Injected {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Milliseconds from its end until all shared again; undefined where nobody had to go alone. */
  readonly recoveryMs: number | undefined;
}

/** Injects faults, one after the other: each in its turn, then in any order, until the time is up. */
export async function storm(
  faults: readonly Fault[],
  until: number,
  options: StormOptions,
): Promise<Injected[]> {
  const { fleet, random, violations, progress } = options;
  const injected: Injected[] = [];
  await calm(random);
  for (let round = faults; ; round = random.shuffled(faults)) {
    for (const fault of round) {
      if (now() >= until) return injected;
      progress.fault(fault.name);
      injected.push(await inject(fault, options));
      for (const { crash } of fleet.replicas) if (crash) violations.add('crash', crash);
      if (violations.count('crash') > 0) return injected;
      progress.fault(undefined);
      await calm(random);
    }
  }
}

async function inject(fault: Fault, { fleet, load, random, violations }: StormOptions): Promise<Injected> {
  const from = now();
  const alone = await fault.strike(fleet, random);
  if (!(await becomesDivided(fleet, alone, TURN_LIMIT_MS)))
    violations.add('not noticed', `${fault.name}, in ${TURN_LIMIT_MS} ms`);
  load.isDivided = alone.length === fleet.replicas.length;
  await sleep(random.between(...LASTS_MS));
  load.isDivided = false;
  await fault.mend(fleet);
  const mended = now();
  if (!(await becomesDivided(fleet, [], TURN_LIMIT_MS)))
    violations.add('not recovered', `${fault.name}, in ${TURN_LIMIT_MS} ms`);
  const to = now();
  return { name: fault.name, from, to, recoveryMs: alone.length === 0 ? undefined : to - mended };
}

function calm(random: Random): Promise<void> {
  return sleep(random.between(...CALM_MS));
}
