import { faults } from './faults.ts';
import { Fleet } from './fleet.ts';
import { Load } from './load.ts';
import { now } from './now.ts';
import { Progress } from './progress.ts';
import { Random } from './random.ts';
import type { Outcome } from './report.ts';
import { guess, requestKinds, type Client } from './requests.ts';
import { conclude } from './run.ts';
import { checkedLimits, tightLimits } from './settings.ts';
import { storm } from './storm.ts';
import { Violations } from './violations.ts';

const REPLICAS = 3;
const CALLERS_OF_EACH = 6;
/** Some twenty requests a second of each caller. */
const PAUSE_MS = 40;
const GUESS_PAUSE_MS = 300;

/** Two of an address, and unequal, so that each limit is the tightest for somebody. `part` is the running total. */
const clients = [
  { name: 'busy', address: '198.51.100.1', part: 0.5 },
  { name: 'brisk', address: '198.51.100.2', part: 0.8 },
  { name: 'calm', address: '198.51.100.2', part: 0.95 },
  { name: 'rare', address: '198.51.100.1', part: 1 },
] as const;

export interface ChaosOptions {
  postgresql: string;
  seconds: number;
  seed: number;
  /** The name of a fault that is injected over and over, instead of all. */
  only: string | undefined;
}

/** Faults of Valkey, of the network and of gateways, under load. */
export async function chaos({ postgresql, seconds, seed, only }: ChaosOptions): Promise<Outcome> {
  const random = new Random(seed);
  const violations = new Violations();
  const load = new Load();
  await using fleet = await Fleet.start({ postgresql, replicas: REPLICAS, env: tightLimits });
  const keys = await fleet.furnish(clients.map(({ name }) => name));
  const callers = clients.map((client, index) => ({ ...client, key: keys[index]! }));
  addCallers(load, fleet, { callers, random });

  const progress = new Progress(load, seconds);
  const chosen = faults.filter(({ name }) => only === undefined || name === only);
  const injected = await storm(chosen, now() + seconds * 1000, { fleet, load, random, violations, progress });
  await load.stop();
  progress.stop();
  return await conclude({ seed, fleet, load, limits: checkedLimits, injected, violations });
}

type Caller = Client & { part: number };

function addCallers(
  load: Load,
  fleet: Fleet,
  { callers, random }: { callers: readonly Caller[]; random: Random },
): void {
  for (const replica of fleet.replicas) {
    for (let caller = 0; caller < CALLERS_OF_EACH; caller++) {
      const next = () => {
        const at = random.next();
        const client = callers.find(({ part }) => at < part)!;
        return { client, known: true, kind: random.pick(requestKinds) };
      };
      load.add({ replica, next, pauseMs: PAUSE_MS, random });
    }
    const stranger = { name: 'stranger', key: 'gk_wrong', address: `192.0.2.${replica.index + 1}` };
    const next = () => ({ client: stranger, known: false, kind: guess });
    load.add({ replica, next, pauseMs: GUESS_PAUSE_MS, random });
  }
}
