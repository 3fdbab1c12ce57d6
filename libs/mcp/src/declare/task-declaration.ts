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

/** The declaration in full. */
export function taskDeclarationOf(task: TaskSupport | TaskDeclaration): TaskDeclaration {
  return typeof task === 'string' ? { support: task } : task;
}
