import { randomBytes } from 'node:crypto';
import { sql, type Selectable } from 'kysely';
import type { Principal } from '#call';
import type { ConfigOf } from '#config';
import type { JobQueue, Transaction } from '#jobs';
import type { Database, Tables } from '#persistence';
import type { Params } from '../wire/message.ts';
import { checkRoom, type Room } from './task-room.ts';
import type { TaskSeal } from './task-seal.ts';
import { principalJson, storable, taskOf, type Questions, type Task } from './task.ts';
import type { tasksConfig } from './tasks.config.ts';

export const TASK_QUEUE = 'tasks';

export type NewTask = Pick<
  Task,
  'principal' | 'tool' | 'callId' | 'door' | 'address' | 'capabilities' | 'input' | 'answers'
> & { readonly ttlMs: number | undefined };

/** How a run leaves its task. */
export type RunEnd =
  | { readonly status: 'completed' | 'failed'; readonly outcome: string; readonly message: string | null }
  | { readonly status: 'input_required'; readonly questions: Questions };

type Limits = Room & Pick<ConfigOf<typeof tasksConfig>, 'ttlMs'>;

/** What `create` makes. All else names no task, and need not be asked for: it may be what a database can't even read. */
const TASK_ID = /^[\w-]{32}$/;
const CANCELLED = 'Cancelled by its client';
const NOW = sql<Date>`clock_timestamp()`;
/** What a task needs no longer once it has ended: arguments and answers are not kept with the result. */
const FORGOTTEN = { input: null, answers: null, questions: null, running: false } as const;

/**
 * The tasks, in a table of their own; the queue only says that there is something to run. Each is found by whoever owns
 * it and by nobody else, and not after its time. All is read and written by the database's own clock.
 */
export class TaskStore {
  constructor(
    private readonly database: Database,
    private readonly queue: JobQueue,
    private readonly limits: Limits,
    private readonly seal: TaskSeal,
  ) {}

  get #db() {
    return this.database.kysely;
  }

  /** Safe when it resolves, and sure to be run. Throws TOO_MANY_TASKS, UNAVAILABLE. */
  async create(order: NewTask): Promise<Task> {
    await this.queue.open(TASK_QUEUE);
    const task = await this.#db.transaction().execute(async (transaction) => {
      await checkRoom(transaction, order.principal, this.limits);
      const id = randomBytes(24).toString('base64url');
      const row = await transaction
        .insertInto('tasks')
        .values({
          id,
          principal_id: order.principal.id,
          principal: principalJson(order.principal),
          tool: order.tool,
          call_id: order.callId,
          door: order.door,
          address: order.address,
          capabilities: JSON.stringify(order.capabilities),
          input: this.seal.seal(id, 'input', JSON.stringify(order.input)),
          answers: this.seal.seal(id, 'answers', JSON.stringify(order.answers)),
          questions: null,
          status: 'working',
          status_message: null,
          outcome: null,
          expires_at: sql<Date>`clock_timestamp() + ${order.ttlMs ?? this.limits.ttlMs} * interval '1 ms'`,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await this.queue.add(TASK_QUEUE, id, transaction);
      return this.#taskOf(row);
    });
    this.queue.nudge(TASK_QUEUE);
    return task;
  }

  /** One's own. */
  async find(id: string, principal: Principal): Promise<Task | undefined> {
    const row = TASK_ID.test(id) ? await this.#own(id, principal).executeTakeFirst() : undefined;
    return row && this.#taskOf(row);
  }

  async findAll(named: readonly string[], principal: Principal): Promise<Task[]> {
    const ids = named.filter((id) => TASK_ID.test(id));
    if (ids.length === 0) return [];
    const rows = await this.#alive()
      .where('principal_id', '=', principal.id)
      .where('id', 'in', ids)
      .execute();
    return rows.map((row) => this.#taskOf(row));
  }

  /**
   * Adds answers to questions that are open; the task goes on once the last of them is answered. `accept` picks what
   * counts as an answer, and may throw. Undefined where there is no such task.
   */
  async answer(
    id: string,
    principal: Principal,
    accept: (open: Questions) => Params,
  ): Promise<Task | undefined> {
    await this.queue.open(TASK_QUEUE);
    const task = await this.#db.transaction().execute(async (transaction) => {
      const row = await this.#own(id, principal, transaction).forUpdate().executeTakeFirst();
      if (!row) return undefined;
      const found = this.#taskOf(row);
      const accepted = found.status === 'input_required' ? accept(found.questions) : {};
      if (Object.keys(accepted).length === 0) return found;
      const left = Object.entries(found.questions).filter(([name]) => !Object.hasOwn(accepted, name));
      await transaction
        .updateTable('tasks')
        .set({
          answers: this.seal.seal(id, 'answers', JSON.stringify({ ...found.answers, ...accepted })),
          questions: left.length === 0 ? null : this.#questions(id, Object.fromEntries(left)),
          status: left.length === 0 ? 'working' : 'input_required',
          updated_at: NOW,
        })
        .where('id', '=', id)
        .execute();
      if (left.length === 0) await this.queue.add(TASK_QUEUE, id, transaction);
      return found;
    });
    this.queue.nudge(TASK_QUEUE);
    return task;
  }

  /** Says false where it had ended before. */
  async cancel(id: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('tasks')
      .set({
        ...FORGOTTEN,
        status: 'cancelled',
        status_message: this.#message(id, CANCELLED),
        updated_at: NOW,
      })
      .where('id', '=', id)
      .where('status', 'in', ['working', 'input_required'])
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  /** The next run of a task, for whoever was handed its job; undefined where there is nothing left to do. */
  async begin(id: string): Promise<Task | undefined> {
    return this.#db.transaction().execute(async (transaction) => {
      const row = await transaction
        .updateTable('tasks')
        .set({
          run: sql<number>`run + 1`,
          interrupted: sql<boolean>`running`,
          interruptions: sql<number>`interruptions + running::integer`,
          running: true,
        })
        .where('id', '=', id)
        .where('status', '=', 'working')
        .where('expires_at', '>', NOW)
        .returningAll()
        .executeTakeFirst();
      // One that does not open is not begun: another process may have its key, and has a first try.
      return row && this.#taskOf(row);
    });
  }

  /** For people who ask meanwhile. */
  async tell(task: Task, message: string): Promise<void> {
    await this.#change(task)
      .set({ status_message: this.#message(task.id, message), updated_at: NOW })
      .execute();
  }

  /** Says false where the task is not this run's any more: cancelled, or taken over. */
  async end(task: Task, end: RunEnd): Promise<boolean> {
    const change =
      end.status === 'input_required'
        ? { questions: this.#questions(task.id, end.questions), running: false }
        : {
            ...FORGOTTEN,
            outcome: this.seal.seal(task.id, 'outcome', end.outcome),
            status_message: end.message && this.#message(task.id, end.message),
          };
    const { numUpdatedRows } = await this.#change(task)
      .set({ ...change, status: end.status, updated_at: NOW })
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  }

  /** The run was broken off in good order: the next one is no second try. */
  async release(task: Task): Promise<void> {
    await this.#change(task).set({ running: false, updated_at: NOW }).execute();
  }

  /** Those of these runs that nobody waits for any more: another process has heard that they are cancelled. */
  async overtaken(tasks: readonly Task[]): Promise<Task[]> {
    const rows = await this.#db
      .selectFrom('tasks')
      .select(['id', 'run'])
      .where(
        'id',
        'in',
        tasks.map(({ id }) => id),
      )
      .where('status', '=', 'working')
      .execute();
    const mine = new Map(rows.map(({ id, run }) => [id, run]));
    return tasks.filter(({ id, run }) => mine.get(id) !== run);
  }

  async deleteExpired(): Promise<void> {
    await this.#db.deleteFrom('tasks').where('expires_at', '<=', NOW).execute();
  }

  #alive(db: TaskStore['database']['kysely'] | Transaction = this.#db) {
    return db.selectFrom('tasks').selectAll().where('expires_at', '>', NOW);
  }

  #own(id: string, principal: Principal, db: TaskStore['database']['kysely'] | Transaction = this.#db) {
    return this.#alive(db).where('id', '=', id).where('principal_id', '=', principal.id);
  }

  #taskOf(row: Selectable<Tables['tasks']>): Task {
    return taskOf(this.seal.open(row));
  }

  #questions(id: string, questions: Questions): string {
    return this.seal.seal(id, 'questions', JSON.stringify(questions));
  }

  #message(id: string, message: string): string {
    return this.seal.seal(id, 'status_message', storable(message));
  }

  #change({ id, run }: Task) {
    return this.#db
      .updateTable('tasks')
      .where('id', '=', id)
      .where('run', '=', run)
      .where('status', '=', 'working');
  }
}
