import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 20;

/** Waits until a door answers nothing any more, or the time is up. What has just come in gets a moment to count. */
export async function drain(door: { running(): number }, limitMs: number): Promise<void> {
  const limit = Date.now() + limitMs;
  do await sleep(STEP_MS);
  while (door.running() > 0 && Date.now() < limit);
}
