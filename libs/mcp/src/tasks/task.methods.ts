import { Inject, Injectable, Optional } from '@nestjs/common';
import { callerOf, Operation, type Call } from '#call';
import type { ConfigOf } from '#config';
import { InvalidInput, NotFound } from '#errors';
import { requireMay } from '#rbac';
import { Method } from '../declare/method.decorator.ts';
import { Catalogue } from '../offer/catalogue.ts';
import { isAnswer } from '../peer/questions.ts';
import type { ProtocolRequest, ProtocolResult } from '../protocol/protocol-request.ts';
import { isRecord, type Params } from '../wire/message.ts';
import { detailedTaskJson } from './task-json.ts';
import { cancelled } from './task-interruption.ts';
import { TaskRunner } from './task-runner.ts';
import { TaskStore } from './task-store.ts';
import { requireTasks } from './tasks-capability.ts';
import { tasksConfig } from './tasks.config.ts';
import type { Questions, Task } from './task.ts';

const NO_TASK = 'There is no such task, or its time is up';

/** How a client follows its tasks (MCP extension `io.modelcontextprotocol/tasks`). Another's is as one that is not there. */
@Injectable()
export class TaskMethods {
  readonly #pollIntervalMs: number;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly runner: TaskRunner,
    @Inject(tasksConfig.KEY) config: ConfigOf<typeof tasksConfig>,
    @Optional() @Inject(TaskStore) private readonly store: TaskStore,
  ) {
    this.#pollIntervalMs = config.pollIntervalMs;
  }

  @Method({ method: 'tasks/get', era: 'modern', capability: 'tasks' })
  @Operation({ name: 'mcp.tasks.get', permission: 'mcp:use' })
  async get({ params }: ProtocolRequest, call: Call): Promise<ProtocolResult> {
    const task = await this.#own(params, call);
    // As a function: what is kept was masked when it was made.
    return () => detailedTaskJson(task, this.#pollIntervalMs);
  }

  /** Answers to questions that are not open are ignored: they may have been answered before. */
  @Method({ method: 'tasks/update', era: 'modern', capability: 'tasks' })
  @Operation({ name: 'mcp.tasks.update', permission: 'mcp:use' })
  async update({ params }: ProtocolRequest, call: Call): Promise<ProtocolResult> {
    const { id } = await this.#own(params, call);
    const { inputResponses } = params;
    if (!isRecord(inputResponses))
      throw new InvalidInput('inputResponses must be an object', [
        { path: '/inputResponses', message: 'must be an object' },
      ]);
    const updated = await this.store.answer(id, callerOf(call), (open) => accepted(open, inputResponses));
    if (!updated) throw new NotFound(NO_TASK);
    return {};
  }

  /** Of a task that has ended too: then nothing happens. */
  @Method({ method: 'tasks/cancel', era: 'modern', capability: 'tasks' })
  @Operation({ name: 'mcp.tasks.cancel', permission: 'mcp:use' })
  async cancel({ params }: ProtocolRequest, call: Call): Promise<ProtocolResult> {
    const { id } = await this.#own(params, call);
    if (await this.store.cancel(id)) this.runner.stop(id, cancelled());
    return {};
  }

  async #own(params: Params, call: Call): Promise<Task> {
    requireTasks(params);
    const { taskId } = params;
    const { principal } = call;
    const task =
      typeof taskId === 'string' && principal ? await this.store.find(taskId, principal) : undefined;
    const tool = task && this.catalogue.tools.get(task.tool);
    if (!task) throw new NotFound(NO_TASK);
    const operation = tool?.handler.operation;
    if (operation) requireMay(principal, operation, NO_TASK);
    call.note('task', task.id);
    return task;
  }
}

/** Throws INVALID_INPUT for what is no answer to its question. */
function accepted(open: Questions, given: Params): Params {
  const found: Record<string, unknown> = {};
  for (const [name, question] of Object.entries(open)) {
    if (!Object.hasOwn(given, name)) continue;
    if (!isAnswer(question, given[name])) {
      const fault = { path: `/inputResponses/${name}`, message: 'is no answer to what was asked' };
      throw new InvalidInput('A response does not answer its request', [fault]);
    }
    found[name] = given[name];
  }
  return found;
}
