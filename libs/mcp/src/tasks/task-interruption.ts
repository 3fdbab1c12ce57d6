import { GatehouseError } from '#errors';
import type { TaskTool } from './task-tools.ts';
import type { Task } from './task.ts';

/** A task that ends its process each time it runs must not do so for ever. */
const MOST_INTERRUPTIONS = 3;

/** What a running task is told that its client has cancelled. */
export function cancelled(): GatehouseError {
  return new GatehouseError('CANCELLED', 'The client has cancelled the task');
}

/** The program ends while the task runs. `again`: it may be run a second time. */
export class Stopped extends GatehouseError {
  constructor(readonly again: boolean | undefined) {
    super(
      'TASK_INTERRUPTED',
      again
        ? 'The program was stopped: the task will be run again'
        : 'The program was stopped while the task ran. It is not run again, for what it has done until then is not known',
    );
  }
}

/** Why a task is not run that was broken off with its process. */
export function interruptionOf(task: Task, { declaration }: TaskTool): GatehouseError | undefined {
  if (!task.interrupted) return undefined;
  if (!declaration.retryable)
    return new GatehouseError(
      'TASK_INTERRUPTED',
      'The process that ran the task has ended. It is not run again, for what it has done until then is not known',
    );
  if (task.interruptions < MOST_INTERRUPTIONS) return undefined;
  return new GatehouseError(
    'TASK_INTERRUPTED',
    `The process that ran the task has ended ${task.interruptions} times: it is not run again`,
  );
}
