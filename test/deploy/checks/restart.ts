import { readConfig } from '#config';
import { KeptPostgresql, testingConfig } from '#testing';
import { failed, passed, type Check } from '../check.ts';
import { rollingRestart } from '../zero-downtime/rolling-restart.ts';

/** Ten times as long as the balancer takes to ask again. */
const DELAY_MS = 1_000;
const ROUNDS = 2;

export const restart: Check = {
  name: 'restart without downtime',
  async run() {
    const { postgresUrl } = readConfig(testingConfig);
    const kept = postgresUrl === undefined ? await KeptPostgresql.start() : undefined;
    try {
      const postgresql = postgresUrl ?? urlOf(kept!);
      const { answered, failures, restarts, slowestMs, faults } = await rollingRestart({
        postgresql,
        shutdownDelayMs: DELAY_MS,
        rounds: ROUNDS,
      });
      const told = `${restarts} restarts of two replicas, ${answered} requests answered, ${failures.length} failed, the slowest took ${Math.round(slowestMs)} ms`;
      if (failures.length > 0 || faults.length > 0) return failed(told, ...failures.slice(0, 10), ...faults);
      if (answered < 100 * restarts) return failed(`${told}: that is no load`);
      // Were there no failures either where they are killed, this would have shown nothing.
      const killed = await rollingRestart({
        postgresql,
        shutdownDelayMs: DELAY_MS,
        rounds: 1,
        abruptly: true,
      });
      if (killed.failures.length === 0)
        return failed(told, 'the check is blind: none failed where they were killed either');
      return passed(told, `killed instead, ${killed.failures.length} failed`);
    } finally {
      await kept?.stop();
    }
  },
};

function urlOf({ answer }: KeptPostgresql): string {
  if ('failure' in answer) throw new Error(answer.failure);
  return answer.url;
}
