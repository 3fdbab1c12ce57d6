import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '#config';
import { databases, useDatabase } from '#testing';
import type { Job, JobEnd } from './job-queue.ts';
import { jobsConfig } from './jobs.config.ts';
import { PgBossQueue } from './pg-boss-queue.ts';

const config = readConfig(jobsConfig, { JOB_LEASE_SECONDS: '10' });
const TIMEOUT_MS = 60_000;

async function until(condition: () => boolean): Promise<void> {
  const limit = Date.now() + TIMEOUT_MS;
  while (!condition() && Date.now() < limit) await sleep(20);
  expect(condition()).toBe(true);
}

describe.each(databases)('jobs on $name', (kind) => {
  const database = useDatabase(kind);
  const opened: PgBossQueue[] = [];
  let serial = 0;

  async function openQueue() {
    const queue = new PgBossQueue(database(), config);
    const name = `queue-${++serial}`;
    await queue.open(name);
    opened.push(queue);
    const add = async (key: string) => {
      await database()
        .kysely.transaction()
        .execute((transaction) => queue.add(name, key, transaction));
      queue.nudge(name);
    };
    return { queue, name, add };
  }
  afterAll(async () => {
    await Promise.all(opened.map((queue) => queue.close()));
  });

  it('runs what was added, each once, and no more at a time than it may', async () => {
    const { queue, name, add } = await openQueue();
    const done: string[] = [];
    let running = 0;
    let most = 0;
    queue.work(name, { concurrency: 2 }, async ({ key }) => {
      most = Math.max(most, ++running);
      await sleep(50);
      running--;
      done.push(key);
      return 'done';
    });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (const key of keys) await add(key);
    await until(() => done.length >= keys.length);
    await sleep(100);
    expect(done.toSorted()).toEqual(keys);
    expect(most).toBe(2);
  });

  it('adds nothing with a transaction that is taken back', async () => {
    const { queue, name, add } = await openQueue();
    const done: string[] = [];
    queue.work(name, { concurrency: 1 }, async ({ key }) => {
      done.push(key);
      return 'done';
    });
    const failing = database()
      .kysely.transaction()
      .execute(async (transaction) => {
        await queue.add(name, 'never', transaction);
        throw new Error('no');
      });
    await expect(failing).rejects.toThrow('no');
    await add('always');
    await until(() => done.length > 0);
    expect(done).toEqual(['always']);
  });

  it('hands a job out again when it was not done, and when it failed', async () => {
    const { queue, name, add } = await openQueue();
    const ends: (JobEnd | Error)[] = ['again', new Error('broken'), 'done'];
    let runs = 0;
    queue.work(name, { concurrency: 1 }, async () => {
      const end = ends[runs++]!;
      if (end instanceof Error) throw end;
      return end;
    });
    await add('a');
    await until(() => runs === ends.length);
    await sleep(2500);
    expect(runs).toBe(ends.length);
  });

  it('rests when it is told to, and keeps what is added meanwhile', async () => {
    const { queue, name, add } = await openQueue();
    const done: string[] = [];
    const run = async ({ key }: Job): Promise<JobEnd> => {
      done.push(key);
      return 'done';
    };
    queue.work(name, { concurrency: 1 }, run);
    await queue.rest(name);
    await add('later');
    await sleep(300);
    expect(done).toEqual([]);
    queue.work(name, { concurrency: 1 }, run);
    await until(() => done.length === 1);
  });

  it(
    'hands out what a process left that is gone, and does not what one still has',
    { timeout: TIMEOUT_MS },
    async () => {
      const { queue, name, add } = await openQueue();
      let first = 0;
      queue.work(name, { concurrency: 1 }, async () => {
        first++;
        return new Promise<JobEnd>(() => undefined);
      });
      await add('a');
      await until(() => first === 1);
      await queue.close();

      const next = new PgBossQueue(database(), config);
      opened.push(next);
      await next.open(name);
      const done: string[] = [];
      next.work(name, { concurrency: 1 }, async ({ key }) => {
        done.push(key);
        return 'done';
      });
      await until(() => done.length === 1);
      expect([first, done]).toEqual([1, ['a']]);
    },
  );

  it('refuses to add where it was not opened', async () => {
    const queue = new PgBossQueue(database(), config);
    const adding = database()
      .kysely.transaction()
      .execute((transaction) => queue.add('x', 'a', transaction));
    await expect(adding).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
