import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '#call';
import { readConfig } from '#config';
import { JobQueue, type Transaction } from '#jobs';
import { databases, useDatabase } from '#testing';
import { elicit } from '../peer/questions.ts';
import { TaskSeal } from './task-seal.ts';
import { TaskStore, type NewTask } from './task-store.ts';
import { tasksConfig } from './tasks.config.ts';

/** Only counts what is asked of it. */
class NotedJobs extends JobQueue {
  readonly added: string[] = [];
  override async open(): Promise<void> {}
  override async add(_queue: string, key: string, _within: Transaction): Promise<void> {
    this.added.push(key);
  }
  override nudge(): void {}
  override work(): void {}
  override async rest(): Promise<void> {}
  override async close(): Promise<void> {}
}

const config = readConfig(tasksConfig, { MAX_TASKS_PER_CLIENT: '3', MAX_KEPT_TASKS_PER_CLIENT: '5' });
const question = elicit('Sure?', { type: 'object', properties: { sure: { type: 'boolean' } } });
const RESULT = { status: 'completed', outcome: '{"content":[]}', message: null } as const;
let serial = 0;

function newPrincipal(): Principal {
  const id = `p${++serial}`;
  return { id, name: id, role: 'service', tier: 'basic', keyId: `k-${id}` };
}

function order(principal: Principal, ttlMs?: number): NewTask {
  return {
    principal,
    tool: 'work',
    callId: 'call',
    door: 'tcp',
    address: '192.0.2.1',
    capabilities: { elicitation: {} },
    input: { secret: 'of the input' },
    answers: {},
    ttlMs,
  };
}

describe.each(databases)('the store of tasks on $name', (kind) => {
  const database = useDatabase(kind);
  const jobs = new NotedJobs();
  let store: TaskStore;
  beforeAll(() => {
    store = new TaskStore(database(), jobs, config, new TaskSeal(undefined, { encryptAtRest: false }));
  });
  afterAll(() => database().kysely.deleteFrom('tasks').execute());

  const begun = async (principal = newPrincipal()) => {
    const { id } = await store.create(order(principal));
    return (await store.begin(id))!;
  };

  it('keeps whose it is with all that the credential was given', async () => {
    const principal: Principal = {
      ...newPrincipal(),
      scopes: new Set(['rag:ask', 'tools:call'] as const),
      secondFactor: true,
    };
    expect((await begun(principal)).principal).toEqual(principal);
  });

  it('keeps a task as it was made, with a job for it', async () => {
    const principal = newPrincipal();
    const task = await store.create(order(principal));
    const { ttlMs: _, ...ordered } = order(principal);
    expect(task).toMatchObject({ ...ordered, status: 'working', run: 0 });
    expect(task.id).toMatch(/^[\w-]{32}$/);
    expect(task.expiresAt.getTime() - task.createdAt.getTime()).toBeCloseTo(config.ttlMs, -2);
    expect(jobs.added.at(-1)).toBe(task.id);
    expect(await store.find(task.id, principal)).toEqual(task);
  });

  it('takes one that was made before doors were kept for one of MCP over HTTP', async () => {
    const { id, principal } = await begun();
    const { kysely } = database();
    await sql`update tasks set door = default where id = ${id}`.execute(kysely);
    expect(await store.find(id, principal)).toMatchObject({ door: 'mcp' });
  });

  it('finds it for its principal alone', async () => {
    const principal = newPrincipal();
    const { id } = await store.create(order(principal));
    expect(await store.find(id, newPrincipal())).toBeUndefined();
    expect(await store.findAll([id], newPrincipal())).toEqual([]);
    expect(await store.answer(id, newPrincipal(), () => ({}))).toBeUndefined();
    expect(await store.findAll([id, 'other'], principal)).toHaveLength(1);
  });

  it('does not ask its database for what is no id of a task', async () => {
    const principal = newPrincipal();
    for (const id of ['', '\0', 'x'.repeat(1_000_000)]) {
      expect(await store.find(id, principal)).toBeUndefined();
      expect(await store.findAll([id], principal)).toEqual([]);
    }
  });

  it('keeps what a run says, whatever characters are in it', async () => {
    const task = await begun();
    await store.tell(task, 'at a\0b');
    expect(await store.find(task.id, task.principal)).toMatchObject({ statusMessage: 'at a\uFFFDb' });
    expect(await store.end(task, { ...RESULT, message: 'no a\0b' })).toBe(true);
    expect(await store.find(task.id, task.principal)).toMatchObject({
      status: 'completed',
      statusMessage: 'no a\uFFFDb',
    });
  });

  it('takes so many that have not ended, and so many in all', async () => {
    const principal = newPrincipal();
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => store.create(order(principal))),
    );
    const made = attempts.filter((attempt) => attempt.status === 'fulfilled');
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(made).toHaveLength(3);
    expect(refused.map(({ reason }) => reason as unknown)).toMatchObject([
      { code: 'TOO_MANY_TASKS' },
      { code: 'TOO_MANY_TASKS' },
    ]);
    for (const { value } of made) await store.cancel(value.id);
    await store.create(order(principal));
    await store.create(order(principal));
    await expect(store.create(order(principal))).rejects.toMatchObject({ code: 'TOO_MANY_TASKS' });
  });

  it('lets the last run write, and no other', async () => {
    const first = await begun();
    const second = (await store.begin(first.id))!;
    expect([first.run, second.run]).toEqual([1, 2]);
    await store.tell(first, 'from the first');
    expect(await store.end(first, RESULT)).toBe(false);
    expect(await store.end(second, RESULT)).toBe(true);
    const task = await store.find(first.id, first.principal);
    expect(task).toMatchObject({ status: 'completed', outcome: RESULT.outcome, input: {}, answers: {} });
    expect(task!.statusMessage).toBeUndefined();
  });

  it('knows a run that was broken off from one that ended in good order', async () => {
    const first = await begun();
    expect([first.interrupted, first.interruptions]).toEqual([false, 0]);
    const second = (await store.begin(first.id))!;
    expect([second.interrupted, second.interruptions]).toEqual([true, 1]);
    await store.release(second);
    const third = (await store.begin(first.id))!;
    expect([third.interrupted, third.interruptions]).toEqual([false, 1]);
  });

  it('asks, takes answers bit by bit, and goes on with the last of them', async () => {
    const task = await begun();
    await store.end(task, { status: 'input_required', questions: { one: question, two: question } });
    const { id, principal } = task;
    expect(await store.begin(id)).toBeUndefined();
    const before = jobs.added.length;
    await store.answer(id, principal, (open) => {
      expect(Object.keys(open)).toEqual(['one', 'two']);
      return { one: 1 };
    });
    expect(await store.find(id, principal)).toMatchObject({
      status: 'input_required',
      questions: { two: {} },
    });
    expect(jobs.added).toHaveLength(before);
    await store.answer(id, principal, () => ({ two: 2 }));
    expect(jobs.added.slice(before)).toEqual([id]);
    expect(await store.begin(id)).toMatchObject({ answers: { one: 1, two: 2 }, interrupted: false, run: 2 });
  });

  it('cancels once, and nothing that has ended; a run hears of it', async () => {
    const task = await begun();
    expect(await store.overtaken([task])).toEqual([]);
    expect(await store.cancel(task.id)).toBe(true);
    expect(await store.cancel(task.id)).toBe(false);
    expect(await store.overtaken([task])).toEqual([task]);
    expect(await store.end(task, RESULT)).toBe(false);
    expect(await store.find(task.id, task.principal)).toMatchObject({ status: 'cancelled', input: {} });
  });

  it('forgets what has had its time', async () => {
    const principal = newPrincipal();
    const { id } = await store.create(order(principal, -1));
    const { id: young } = await store.create(order(principal));
    expect(await store.find(id, principal)).toBeUndefined();
    expect(await store.begin(id)).toBeUndefined();
    await store.deleteExpired();
    const left = await database()
      .kysely.selectFrom('tasks')
      .select('id')
      .where('principal_id', '=', principal.id)
      .execute();
    expect(left).toEqual([{ id: young }]);
  });
});
