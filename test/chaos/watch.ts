import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Replica } from './replica.ts';

const POLL_MS = 50;

/** Resolves to whether exactly these gateways go alone, as soon as they do, or when the time is up. */
export async function becomesDivided(
  { replicas }: Fleet,
  expected: readonly Replica[],
  limitMs: number,
): Promise<boolean> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const divided = await Promise.all(replicas.map((replica) => replica.isDivided().catch(() => undefined)));
    if (replicas.every((replica, index) => divided[index] === expected.includes(replica))) return true;
    if (performance.now() > limit) return false;
    await sleep(POLL_MS);
  }
}
