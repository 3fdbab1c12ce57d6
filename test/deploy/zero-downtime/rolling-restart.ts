import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from '../../chaos/fleet.ts';
import { Balancer } from './balancer.ts';
import { Clients } from './clients.ts';

const REPLICAS = 2;
const CLIENTS = 12;
const HIGH = '1000000';
const BETWEEN_MS = 500;

export interface RestartOptions {
  /** URL of a PostgreSQL on which databases can be made. */
  postgresql: string;
  /** How long each goes on serving once it is told to stop. */
  shutdownDelayMs: number;
  /** How often every replica is restarted. */
  rounds: number;
  /** Kills them instead of telling them to stop. */
  abruptly?: boolean;
}

export interface RestartOutcome {
  readonly answered: number;
  readonly failures: readonly string[];
  readonly restarts: number;
  readonly slowestMs: number;
  /** Exit codes other than 0, an audit trail that is not whole, records that are missing. */
  readonly faults: readonly string[];
}

/** Two gateways behind a balancer, under load, restarted one after the other as a rollout does. */
export async function rollingRestart({
  postgresql,
  shutdownDelayMs,
  rounds,
  abruptly = false,
}: RestartOptions): Promise<RestartOutcome> {
  const env = {
    SHUTDOWN_DELAY_MS: String(shutdownDelayMs),
    RATE_LIMIT_CLIENT_MAX: HIGH,
    RATE_LIMIT_ADDRESS_MAX: HIGH,
    RATE_LIMIT_GLOBAL_MAX: HIGH,
    // A machine that is busy with checks is not under attack.
    ADAPTIVE_LIMITS_ENABLED: 'false',
  };
  await using fleet = await Fleet.start({ postgresql, replicas: REPLICAS, env });
  const [key = ''] = await fleet.furnish(['client']);
  await using balancer = await Balancer.before(fleet.replicas.map(({ port }) => port));
  await balancer.ready(REPLICAS);
  const clients = new Clients(balancer.port, key, CLIENTS);
  const faults: string[] = [];
  let restarts = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      for (const replica of fleet.replicas) {
        await sleep(BETWEEN_MS);
        if (abruptly) await replica.kill();
        else {
          const end = await replica.stop();
          if (end !== 0) faults.push(`gateway ${replica.index} ended with ${end}`);
        }
        await replica.start();
        await balancer.ready(REPLICAS);
        restarts++;
      }
    }
    await sleep(BETWEEN_MS);
  } finally {
    await clients.stop();
  }
  for (const replica of fleet.replicas) await replica.stop();
  const auditFault = await fleet.auditFault();
  if (auditFault) faults.push(auditFault);
  const { answered, failures, slowestMs } = clients;
  return { answered, failures, restarts, slowestMs, faults };
}
