import { Inject, Injectable, Optional, type OnApplicationBootstrap } from '@nestjs/common';
import type { Call, Principal } from '#call';
import type { ConfigOf } from '#config';
import { taskDeclarationOf, type TaskDeclaration } from '../declare/task-declaration.ts';
import { Catalogue, type OfferedTool } from '../offer/catalogue.ts';
import { HandlerWrapper } from '../offer/handler-wrapper.ts';
import type { Handler } from '../offer/handler.ts';
import { toolResultJson } from '../offer/tool-result.ts';
import { AskingPeer } from '../peer/asking-peer.ts';
import type { Era } from '../wire/era.ts';
import { checkDeclared } from '../wire/declared-capabilities.ts';
import { isRecord, type Params } from '../wire/message.ts';
import { ContinueAsTask, mayContinueAsTask } from './continue-as-task.ts';
import { createdTaskJson } from './task-json.ts';
import { TaskStore } from './task-store.ts';
import { capabilitiesIn, followsTasks, tasksMissing } from './tasks-capability.ts';
import { tasksConfig } from './tasks.config.ts';

/** A tool that runs as a task: what is run in its place, each behind the pipeline of the tool itself. */
export interface TaskTool {
  readonly declaration: TaskDeclaration;
  /** The call of a client that can follow a task. */
  readonly call: Handler;
  /** That of one that can't, where it has to. */
  readonly refuse: Handler;
  /** The task itself. */
  readonly run: Handler;
  /** Whether it may still run. */
  readonly stay: Handler;
}

/** Where a call goes that becomes a task. */
interface TaskRoute {
  readonly handler: Handler;
  readonly argument: Params;
  write(value: unknown): string;
}

/** The tools that declare that they run as tasks. */
@Injectable()
export class TaskTools implements OnApplicationBootstrap {
  readonly #tools = new Map<string, TaskTool>();
  readonly #pollIntervalMs: number;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly wrapper: HandlerWrapper,
    @Inject(tasksConfig.KEY) config: ConfigOf<typeof tasksConfig>,
    @Optional() @Inject(TaskStore) private readonly store: TaskStore | undefined,
  ) {
    this.#pollIntervalMs = config.pollIntervalMs;
  }

  /** Throws an Error where there is nothing to keep tasks in. */
  onApplicationBootstrap(): void {
    for (const tool of this.catalogue.tools.values()) {
      const { task, name } = tool.options;
      if (!task) continue;
      if (!this.store)
        throw new Error(`${tool.place} runs as a task: import JobsModule and PersistenceModule`);
      this.#tools.set(name, this.#wrapped(tool, taskDeclarationOf(task)));
    }
  }

  get(name: string): TaskTool | undefined {
    return this.#tools.get(name);
  }

  /** Undefined where a call stays one: its client can't follow a task, and need not. */
  routeOf({ options }: OfferedTool, params: Params, era: Era): TaskRoute | undefined {
    const tool = this.#tools.get(options.name);
    if (!tool) return undefined;
    const follows = era.name === 'modern' && followsTasks(params);
    if (!follows && tool.declaration.support === 'optional') return undefined;
    return {
      handler: follows ? tool.call : tool.refuse,
      argument: params,
      write: (value) =>
        typeof value === 'function' ? (value as () => string)() : toolResultJson(value, era),
    };
  }

  #wrapped(tool: OfferedTool, declaration: TaskDeclaration): TaskTool {
    const { wrapper } = this;
    const method = (call: Call): unknown =>
      (tool.instance as Record<string, (...args: unknown[]) => unknown>)[tool.methodName]!(call.input, call);
    const create = (given: unknown, call: Call) => this.#create(tool, declaration, given as Params, call);
    const fromHandler = async (given: unknown, call: Call): Promise<unknown> => {
      mayContinueAsTask(call);
      try {
        return await method(call);
      } catch (thrown) {
        if (thrown instanceof ContinueAsTask) return create(given, call);
        throw thrown;
      }
    };
    return {
      declaration,
      call: wrapper.wrapInPlace(tool, declaration.starts === 'by-handler' ? fromHandler : create),
      refuse: wrapper.wrapInPlace(tool, () => {
        throw tasksMissing();
      }),
      run: wrapper.wrapInPlace(tool, (_, call) => method(call), { uncounted: true }),
      stay: wrapper.wrapInPlace(tool, () => undefined, { uncounted: true }),
    };
  }

  /** The arguments are kept as they came: they are checked again when they are used. */
  async #create(
    { options }: OfferedTool,
    { ttlMs }: TaskDeclaration,
    params: Params,
    call: Call,
  ): Promise<() => string> {
    const given = params['arguments'];
    const capabilities = capabilitiesIn(params);
    checkDeclared(capabilities);
    const task = await this.store!.create({
      principal: call.principal as Principal,
      tool: options.name,
      callId: call.id,
      door: call.door,
      address: call.address,
      capabilities,
      input: isRecord(given) ? given : {},
      answers: call.peer instanceof AskingPeer ? call.peer.answered : {},
      ttlMs,
    });
    call.note('task', task.id);
    // As a function: masking has nothing to look for in what is all of our own making.
    return () => createdTaskJson(task, this.#pollIntervalMs);
  }
}
