import { Inject, Injectable, Logger } from '@nestjs/common';
import { CompiledQuery } from 'kysely';
import { PgBoss, type Db, type SendOptions } from 'pg-boss';
import type { ConfigOf } from '#config';
import { GatehouseError } from '#errors';
import { Database } from '#persistence';
import { JobQueue, type Job, type JobEnd, type Transaction, type WorkOptions } from './job-queue.ts';
import { JobWorker, type Claim } from './job-worker.ts';
import { jobsConfig } from './jobs.config.ts';

/** Apart from our own tables, and from another pg-boss that shares the database. */
const SCHEMA = 'gatehouse_jobs';
const HOUR = 3600;
const DAY = 24 * HOUR;

interface JobData {
  readonly key: string;
}

/**
 * pg-boss over our own pool, so that it runs on both databases, and a job is added in the transaction of whatever it is
 * about. It only keeps the jobs: fetching is ours, one look for all free hands rather than one for each, and a job that
 * is done is deleted, so there is nothing to maintain.
 *
 * A job belongs to the process that fetched it. With PostgreSQL that process renews its lease, and whoever looks next
 * hands out what nobody renews. The embedded database has one process, so what it finds running when it starts is not.
 */
@Injectable()
export class PgBossQueue extends JobQueue {
  readonly #workers = new Map<string, JobWorker>();
  readonly #opened = new Set<string>();
  readonly #logger = new Logger('Jobs');
  readonly #lease: number;
  #boss: PgBoss | undefined;
  #starting: Promise<PgBoss> | undefined;
  #closed = false;

  constructor(
    private readonly database: Database,
    @Inject(jobsConfig.KEY) config: ConfigOf<typeof jobsConfig>,
  ) {
    super();
    this.#lease = config.leaseSeconds;
  }

  override async open(queue: string): Promise<void> {
    const boss = await this.#started();
    if (this.#opened.has(queue)) return;
    await boss.createQueue(queue);
    // Its first look-up of a queue is not part of the transaction that it is asked in, and would wait for its end.
    const kept = await boss.findJobs(queue);
    const abandoned = this.#isAlone ? kept.filter(({ state }) => state === 'active') : [];
    if (abandoned.length > 0)
      await boss.fail(
        queue,
        abandoned.map(({ id }) => id),
      );
    this.#opened.add(queue);
  }

  override async add(queue: string, key: string, within: Transaction): Promise<void> {
    await this.#ready().send(queue, { key } satisfies JobData, {
      ...this.#jobOptions(),
      db: viaKysely(within),
    });
  }

  override nudge(queue: string): void {
    this.#workers.get(queue)?.nudge();
  }

  override work(queue: string, { concurrency }: WorkOptions, run: (job: Job) => Promise<JobEnd>): void {
    const boss = this.#ready();
    const worker = new JobWorker(
      {
        fetch: async (count) => (await boss.fetch<JobData>(queue, { batchSize: count })).map(claimOf),
        settle: async (claim, end) =>
          void (end === 'done' ? await boss.deleteJob(queue, claim) : await boss.fail(queue, claim)),
        renew: (claims) => this.#renew(boss, queue, claims),
      },
      { concurrency, renewMs: (this.#lease * 1000) / 3 },
    );
    this.#workers.set(queue, worker);
    worker.start(run);
  }

  override async rest(queue: string): Promise<void> {
    await this.#workers.get(queue)?.rest();
  }

  override async close(): Promise<void> {
    this.#closed = true;
    await this.#starting?.catch(() => undefined);
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()));
    await this.#boss?.stop({ graceful: false });
    this.#boss = undefined;
  }

  get #isAlone(): boolean {
    return this.database.engine === 'pglite';
  }

  #jobOptions(): SendOptions {
    return {
      // Whoever runs it says when it is too often.
      retryLimit: 10_000,
      retryDelay: 1,
      retentionSeconds: 14 * DAY,
      expireInSeconds: DAY - 1,
      ...(!this.#isAlone && { heartbeatSeconds: this.#lease }),
    };
  }

  async #renew(boss: PgBoss, queue: string, claims: readonly Claim[]): Promise<void> {
    if (this.#isAlone) return;
    if (claims.length > 0) await boss.touch(queue, [...claims]);
    await boss.supervise(queue);
  }

  #ready(): PgBoss {
    if (this.#boss && !this.#closed) return this.#boss;
    throw new GatehouseError('UNAVAILABLE', 'Background jobs are not available at the moment: try again');
  }

  #started(): Promise<PgBoss> {
    if (this.#boss) return Promise.resolve(this.#boss);
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  async #start(): Promise<PgBoss> {
    const { database } = this;
    const boss = new PgBoss({
      db: { executeSql: async (text, values) => ({ rows: await database.run(text, values) }) },
      backend: this.#isAlone ? 'pglite' : 'postgres',
      schema: SCHEMA,
      // Its own clocks stand still: they would ask the database every few seconds, whether there are jobs or not.
      schedule: false,
      supervise: false,
      reindex: false,
      monitorVacuum: false,
      monitorIntervalSeconds: Math.max(1, Math.floor(this.#lease / 3)),
      queueCacheIntervalSeconds: HOUR,
      bamIntervalSeconds: HOUR,
    });
    boss.on('error', (error) => this.#logger.warn(`pg-boss: ${error.message}`));
    boss.on('warning', ({ message }) => this.#logger.warn(`pg-boss: ${message}`));
    try {
      await boss.start();
    } catch (error) {
      await boss.stop({ graceful: false }).catch(() => undefined);
      throw error;
    }
    this.#boss = boss;
    return boss;
  }
}

function claimOf({ id, retryCount, data }: { id: string; retryCount: number; data: JobData }): Claim {
  return { id, retryCount, key: data.key };
}

function viaKysely(within: Transaction): Db {
  return {
    async executeSql(text, values = []) {
      const { rows } = await within.executeQuery(CompiledQuery.raw(text, values));
      return { rows };
    },
  };
}
