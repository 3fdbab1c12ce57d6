import { defineConfig, setting } from '#config';

export const tasksConfig = defineConfig('tasks', {
  ttlMs: setting.integer({
    env: 'TASK_TTL_MS',
    description: 'Time from the call of a tool that runs as a task until the task and its result are deleted',
    default: 3_600_000,
    min: 1000,
    max: 43_200_000,
  }),
  pollIntervalMs: setting.integer({
    env: 'TASK_POLL_INTERVAL_MS',
    description: 'How often clients are told to ask how a task stands',
    default: 1000,
    min: 100,
    max: 600_000,
  }),
  concurrency: setting.integer({
    env: 'TASK_CONCURRENCY',
    description: 'Tasks that one process runs at a time; the others wait',
    default: 4,
    min: 1,
    max: 1000,
  }),
  unfinishedPerClient: setting.integer({
    env: 'MAX_TASKS_PER_CLIENT',
    description: 'Tasks of one client at most that have not ended',
    default: 20,
    min: 1,
    max: 10_000,
  }),
  keptPerClient: setting.integer({
    env: 'MAX_KEPT_TASKS_PER_CLIENT',
    description:
      'Tasks of one client at most, those that have ended and are kept until their time is up included',
    default: 500,
    min: 1,
    max: 100_000,
  }),
  drainMs: setting.integer({
    env: 'TASK_DRAIN_MS',
    description: 'Time that running tasks get to end by themselves when the program is stopped',
    default: 10_000,
    min: 0,
    max: 3_600_000,
  }),
});
