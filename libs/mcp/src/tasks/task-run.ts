import { Call, type Caller, type Outcome } from '#call';
import type { GatehouseError } from '#errors';
import type { MaskText } from '#masking';
import { TaskPeer } from './task-peer.ts';
import type { TaskTool } from './task-tools.ts';
import type { Task } from './task.ts';

/** How long a handler may go on that was told to stop, before nobody waits for it any more. */
const GRACE_MS = 5_000;
/** A message each time something moves must not become a write each time. */
const TELL_EVERY_MS = 1_000;

export interface RunTools {
  readonly mask: MaskText;
  /** Keeps a status message. */
  tell(task: Task, message: string): Promise<void>;
}

/** One run of a task, in this process: a call of its own, which carries on the one that made the task. */
export class TaskRun {
  readonly call: Call;
  readonly task: Task;
  readonly #tools: RunTools;
  #message: string | undefined;
  #telling: NodeJS.Timeout | undefined;

  constructor(task: Task, tool: TaskTool | undefined, tools: RunTools) {
    this.task = task;
    this.#tools = tools;
    const call = this.#callOf(tool);
    this.call = call;
    const peer = new TaskPeer(call, tools.mask, task, (message) => this.#tell(message));
    call.caller = { admit: () => undefined, peerOf: () => peer } satisfies Caller;
    call.note('task', task.id);
    call.note('created_by', task.callId);
    call.note('run', task.run);
  }

  /** Rejects with the reason when it was told to stop, whatever the handler makes of it. */
  async result(tool: TaskTool): Promise<unknown> {
    const { call } = this;
    const running = Promise.try(() => tool.run.run(this.task.input, call));
    try {
      const value = await Promise.race([running, stopped(call.signal)]);
      call.signal.throwIfAborted();
      return value;
    } catch (thrown) {
      if (!call.signal.aborted) throw thrown;
      // Its hands are not free before it has let go, or had time to.
      await Promise.race([running.catch(() => undefined), later(GRACE_MS)]);
      throw call.signal.reason;
    } finally {
      clearTimeout(this.#telling);
    }
  }

  /** Whether whoever made the task may still run it. Rejects where not. */
  async check(tool: TaskTool): Promise<void> {
    await tool.stay.run(this.task.input, this.#callOf(tool));
  }

  stop(reason: GatehouseError): void {
    this.call.cancel(reason);
  }

  /** For the record: who it was for, also where that is no longer granted. */
  settled(outcome: Outcome): Outcome {
    this.call.principal ??= this.task.principal;
    return outcome;
  }

  #callOf(tool: TaskTool | undefined): Call {
    const { task } = this;
    const call = new Call({ door: task.door, address: task.address, authorization: undefined });
    call.operation = tool?.run.operation;
    call.target = task.tool;
    call.input = task.input;
    call.onBehalfOf = task.principal;
    return call;
  }

  #tell(message: string): void {
    this.#message = message;
    if (this.#telling || this.call.signal.aborted) return;
    const write = (): void => {
      this.#telling = setTimeout(() => {
        this.#telling = undefined;
        if (this.#message !== undefined) write();
      }, TELL_EVERY_MS).unref();
      const text = this.#message!;
      this.#message = undefined;
      // A message that is lost is followed by another one, or by the end.
      this.#tools.tell(this.task, text).catch(() => undefined);
    };
    write();
  }
}

function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
