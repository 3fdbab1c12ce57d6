/** A job must not outlive the day that pg-boss gives it. */
export const MOST_TTL_MS = 43_200_000;
export const LEAST_TTL_MS = 1000;

/** `required`: a client that can't follow a task is refused. `optional`: it waits for the answer, as with any tool. */
export type TaskSupport = 'optional' | 'required';

/** How a tool runs as a task (MCP extension `io.modelcontextprotocol/tasks`). */
export interface TaskDeclaration {
  support: TaskSupport;
  /**
   * `at-once`: each call becomes a task before its handler runs. `by-handler`: the handler runs in the call, where it may
   * ask its client or answer at once, and goes on as a task from `await continueAsTask(call)`.
   */
  starts?: 'at-once' | 'by-handler';
  /**
   * Running it twice does no harm, so it is run again from its beginning when its process ended under it. Without this
   * such a task ends as failed.
   */
  retryable?: true;
  /** Milliseconds from the call until the task and its result are deleted. TASK_TTL_MS unless told. */
  ttlMs?: number;
}

/** Why a tool can't be a task as it declares; undefined where it can. */
export function taskFault(
  task: TaskSupport | TaskDeclaration,
  revealsSecret: true | undefined,
): string | undefined {
  // A result is kept until its client fetches it: a secret must not be.
  if (revealsSecret) return "what reveals a secret can't be a task";
  const { ttlMs = LEAST_TTL_MS } = taskDeclarationOf(task);
  if (Number.isInteger(ttlMs) && ttlMs >= LEAST_TTL_MS && ttlMs <= MOST_TTL_MS) return undefined;
  return `the ttlMs of a task is from ${LEAST_TTL_MS} to ${MOST_TTL_MS}`;
}

/** The declaration in full. */
export function taskDeclarationOf(task: TaskSupport | TaskDeclaration): TaskDeclaration {
  return typeof task === 'string' ? { support: task } : task;
}
