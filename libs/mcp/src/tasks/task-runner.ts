import { setTimeout as sleep } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { allowed, refusedBy, Settlement } from '#call';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import { JobQueue, type Job, type JobEnd } from '#jobs';
import { maskingConfig, maskingOfAnswers, type MaskText } from '#masking';
import { publicError } from '../answer.ts';
import { Catalogue } from '../offer/catalogue.ts';
import { toldToTheModel, toolErrorJson, toolResultJson } from '../offer/tool-result.ts';
import { InputRequired } from '../peer/input-required.ts';
import { modernEra } from '../wire/era.ts';
import { taskErrorJson } from './task-json.ts';
import { cancelled, interruptionOf, Stopped } from './task-interruption.ts';
import { TaskRun } from './task-run.ts';
import { TASK_QUEUE, TaskStore, type RunEnd } from './task-store.ts';
import { TaskTools, type TaskTool } from './task-tools.ts';
import type { Task } from './task.ts';
import { tasksConfig } from './tasks.config.ts';

/** How often it is asked whether a running task was cancelled elsewhere. */
const LISTEN_EVERY_MS = 1_000;
/** A key that was revoked, or has expired, has a task run for so long at most. */
const CHECK_EVERY_MS = 15_000;
const SWEEP_EVERY_MS = 60_000;
const OPEN_AGAIN_MS = 5_000;
const TRY_AGAIN_MS = 2_000;
const MOST_TRIES = 10;
/** A run that was told to stop has let go by then: TaskRun waits half as long for its handler. */
const STOPPED_WITHIN_MS = 10_000;
/** What is kept of a result, in characters. */
const MOST_RESULT = 1_048_576;

/** Runs tasks, for as long as the program does. Where no tool declares that it is one, nothing happens here. */
@Injectable()
export class TaskRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #runs = new Map<string, { run: TaskRun; tool: TaskTool }>();
  readonly #clocks: NodeJS.Timeout[] = [];
  readonly #logger = new Logger('Tasks');
  readonly #mask: MaskText;
  #settlement!: Settlement;
  #opening: Promise<void> | undefined;
  /** Jobs that were taken, also those that are not running yet, or not any more. */
  #taken = 0;
  #stopping = false;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly tools: TaskTools,
    private readonly module: ModuleRef,
    @Inject(tasksConfig.KEY) private readonly config: ConfigOf<typeof tasksConfig>,
    @Optional() @Inject(TaskStore) private readonly store: TaskStore,
    @Optional() @Inject(JobQueue) private readonly queue: JobQueue,
    @Optional() @Inject(maskingConfig.KEY) masking?: ConfigOf<typeof maskingConfig>,
  ) {
    this.#mask = maskingOfAnswers(masking).mask;
  }

  /** Does not wait: a program with tasks is up as soon as one without. */
  onApplicationBootstrap(): void {
    if (!this.catalogue.offers('tasks')) return;
    // It belongs to the program: the bracket around every call, whichever way it came.
    this.#settlement = this.module.get(Settlement, { strict: false });
    this.#opening = this.#open();
  }

  /** Stops a run in this process. Others hear of it from the store. */
  stop(id: string, reason: GatehouseError): void {
    this.#runs.get(id)?.run.stop(reason);
  }

  /** Nothing new; what runs may end by itself for a while, then it is stopped. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    for (const clock of this.#clocks) clearInterval(clock);
    if (!this.#opening) return;
    await this.#opening;
    await this.queue.rest(TASK_QUEUE);
    await this.#drained(this.config.drainMs);
    for (const { run, tool } of this.#runs.values()) run.stop(new Stopped(tool.declaration.retryable));
    await this.#drained(STOPPED_WITHIN_MS);
    await this.queue.close();
  }

  async #open(): Promise<void> {
    try {
      await this.queue.open(TASK_QUEUE);
    } catch (error) {
      this.#logger.error(`Tasks do not run yet: ${(error as Error).message}`);
      if (!this.#stopping)
        setTimeout(() => {
          if (!this.#stopping) this.#opening = this.#open();
        }, OPEN_AGAIN_MS).unref();
      return;
    }
    if (this.#stopping) return;
    this.queue.work(TASK_QUEUE, { concurrency: this.config.concurrency }, (job) => this.#take(job));
    this.#every(LISTEN_EVERY_MS, () => this.#listen());
    this.#every(CHECK_EVERY_MS, () => this.#check());
    this.#every(SWEEP_EVERY_MS, () => this.store.deleteExpired());
    await this.store.deleteExpired().catch(() => undefined);
  }

  async #take({ key }: Job): Promise<JobEnd> {
    this.#taken++;
    try {
      const task = await this.store.begin(key);
      if (!task) return 'done';
      if (!this.#stopping) return await this.#run(task);
      await this.store.release(task);
      return 'again';
    } finally {
      this.#taken--;
    }
  }

  async #run(task: Task): Promise<JobEnd> {
    const tool = this.tools.get(task.tool);
    const run = new TaskRun(task, tool, { mask: this.#mask, tell: (...of) => this.store.tell(...of) });
    const fault = tool
      ? interruptionOf(task, tool)
      : new GatehouseError('NOT_FOUND', 'There is no such tool any more');
    if (!tool || fault) return this.#fail(run, fault!);
    this.#runs.set(task.id, { run, tool });
    const expiry = setTimeout(
      () => run.stop(new GatehouseError('TIMED_OUT', 'The time of the task is up')),
      task.expiresAt.getTime() - Date.now(),
    ).unref();
    try {
      return await this.#end(run, await run.result(tool));
    } catch (thrown) {
      return await this.#broken(run, thrown);
    } finally {
      clearTimeout(expiry);
      this.#runs.delete(task.id);
    }
  }

  async #end(run: TaskRun, value: unknown): Promise<JobEnd> {
    const text = toolResultJson(value, modernEra);
    if (text.length > MOST_RESULT)
      throw new GatehouseError('PAYLOAD_TOO_LARGE', 'The result is too large to be kept: 1 MiB at most');
    // Nobody sees a result whose record may still be lost.
    await this.#settlement.settle(run.call, allowed(run.call, 200));
    await this.#keep(run, { status: 'completed', outcome: text, message: null });
    return 'done';
  }

  async #broken(run: TaskRun, thrown: unknown): Promise<JobEnd> {
    if (thrown instanceof InputRequired) {
      await this.#settlement.settle(run.call, allowed(run.call, 200));
      await this.#keep(run, { status: 'input_required', questions: thrown.questions });
      return 'done';
    }
    const error = publicError(thrown);
    if (!(error instanceof Stopped && error.again)) return this.#fail(run, error);
    await this.#settlement.settle(run.call, run.settled(refusedBy(error)));
    await this.store.release(run.task);
    return 'again';
  }

  async #fail(run: TaskRun, error: GatehouseError): Promise<JobEnd> {
    const { call } = run;
    await this.#settlement.settle(call, run.settled(refusedBy(error)));
    const message = error.message;
    const end = toldToTheModel(error)
      ? ({ status: 'completed', outcome: toolErrorJson(error, call, modernEra), message } as const)
      : ({ status: 'failed', outcome: taskErrorJson(error, call), message } as const);
    await this.#keep(run, end);
    return 'done';
  }

  /** A database that is gone for a moment must not cost the work of an hour. */
  async #keep({ task }: TaskRun, end: RunEnd): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await this.store.end(task, end);
        return;
      } catch (error) {
        if (tries === MOST_TRIES || this.#stopping) throw error;
        await sleep(TRY_AGAIN_MS);
      }
    }
  }

  async #listen(): Promise<void> {
    const runs = [...this.#runs.values()].map(({ run }) => run);
    if (runs.length === 0) return;
    const overtaken = new Set(await this.store.overtaken(runs.map(({ task }) => task)));
    for (const run of runs) if (overtaken.has(run.task)) run.stop(cancelled());
  }

  async #check(): Promise<void> {
    for (const { run, tool } of this.#runs.values())
      await run.check(tool).catch((thrown: unknown) => {
        const error = publicError(thrown);
        // What else goes wrong meanwhile ends nothing.
        if (error.code.startsWith('CREDENTIAL_') || error.code === 'ACCESS_REFUSED') run.stop(error);
      });
  }

  #every(ms: number, work: () => Promise<void>): void {
    let busy = false;
    const clock = setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch(() => undefined) // A database that is down says so itself.
        .finally(() => (busy = false));
    }, ms);
    this.#clocks.push(clock.unref());
  }

  async #drained(ms: number): Promise<void> {
    const limit = Date.now() + ms;
    while (this.#taken > 0 && Date.now() < limit) await sleep(20);
  }
}
