import { setTimeout as sleep } from 'node:timers/promises';
import { isAdmitted } from './call-log.ts';
import { Fleet } from './fleet.ts';
import type { CheckedLimit } from './limit-checks.ts';
import { Load } from './load.ts';
import { Progress } from './progress.ts';
import { Random } from './random.ts';
import type { Outcome } from './report.ts';
import { requestKinds } from './requests.ts';
import { conclude } from './run.ts';
import { Violations } from './violations.ts';

const REPLICAS = 4;
const CALLERS_OF_EACH = 4;
const PAUSE_MS = 30;
const LIMIT = 100;
const WINDOW_SECONDS = 60;
const HIGH = '1000000';

const env: Readonly<Record<string, string>> = {
  RATE_LIMIT_CLIENT_MAX: String(LIMIT),
  RATE_LIMIT_CLIENT_WINDOW: String(WINDOW_SECONDS),
  RATE_LIMIT_ADDRESS_MAX: HIGH,
  RATE_LIMIT_GLOBAL_MAX: HIGH,
};
const limit: CheckedLimit = {
  name: 'client',
  max: LIMIT,
  windowMs: WINDOW_SECONDS * 1000,
  subjectOf: ({ client }) => client,
};

export interface ExactOptions {
  postgresql: string;
  seconds: number;
  seed: number;
}

/** No fault at all: one client hammers four gateways, and its limit is neither passed nor left unused. */
export async function exact({ postgresql, seconds, seed }: ExactOptions): Promise<Outcome> {
  const random = new Random(seed);
  const violations = new Violations();
  const load = new Load();
  await using fleet = await Fleet.start({ postgresql, replicas: REPLICAS, env });
  const [key = ''] = await fleet.furnish(['hammer']);
  const client = { name: 'hammer', key, address: '198.51.100.1' };
  const next = () => ({ client, known: true, kind: random.pick(requestKinds) });
  for (const replica of fleet.replicas) {
    for (let caller = 0; caller < CALLERS_OF_EACH; caller++)
      load.add({ replica, next, pauseMs: PAUSE_MS, random });
  }

  const progress = new Progress(load, seconds);
  await sleep(seconds * 1000);
  await load.stop();
  progress.stop();
  const admitted = load.calls.filter(isAdmitted).length;
  const windows = Math.floor(seconds / WINDOW_SECONDS) + 1;
  if (admitted < windows * LIMIT)
    violations.add('unused', `${admitted} let through in ${seconds} s, where ${windows * LIMIT} may be`);
  return await conclude({ seed, fleet, load, limits: [limit], injected: [], violations });
}
