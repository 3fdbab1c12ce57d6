import type { Call } from '#call';

/** The calls that a handler may turn into tasks. */
const turnable = new WeakSet<Call>();

/** Ends a call that is to go on as a task. */
export class ContinueAsTask extends Error {
  constructor() {
    super('The call goes on as a task');
    this.name = 'ContinueAsTask';
  }
}

export function mayContinueAsTask(call: Call): void {
  turnable.add(call);
}

/**
 * In a handler of a tool that declares `task: { starts: 'by-handler' }`: what comes after this line runs as a task. The
 * client gets the task as its answer, and the handler runs again from its beginning, in which what was asked is answered
 * at once. So nothing before this line may be done that must not be done twice. Where the client can't follow a task,
 * and in the task itself, nothing happens.
 */
// oxlint-disable-next-line typescript/require-await -- it is awaited like all else that may end a call
export async function continueAsTask(call: Call): Promise<void> {
  if (turnable.has(call)) throw new ContinueAsTask();
}
