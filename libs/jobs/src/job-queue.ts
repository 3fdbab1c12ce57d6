import type { Transaction as DatabaseTransaction } from 'kysely';
import type { Tables } from '#persistence';

export type Transaction = DatabaseTransaction<Tables>;

/** Something to be done. What it is about is kept elsewhere, under this key. */
export interface Job {
  readonly key: string;
}

/** `again`: somebody else is to do it, now or after the next start. */
export type JobEnd = 'done' | 'again';

export interface WorkOptions {
  /** Jobs that run in this process at a time. */
  readonly concurrency: number;
}

/**
 * What is to be done later, in this process or in another that shares the database. A job is handed out until it is done:
 * again when the process that had it has died, so whoever does it has to know whether that may be twice.
 */
export abstract class JobQueue {
  /** Makes a queue ready to use. May be called again. */
  abstract open(queue: string): Promise<void>;
  /** Safe with the transaction that it is part of. Call `nudge` behind it. */
  abstract add(queue: string, key: string, within: Transaction): Promise<void>;
  /** There is something new: it need not wait for the next look. */
  abstract nudge(queue: string): void;
  /** Hands out jobs from now on. A rejection counts as `again`, after a while. */
  abstract work(queue: string, options: WorkOptions, run: (job: Job) => Promise<JobEnd>): void;
  /** Hands out no more; resolves when no job is being fetched any more. What runs goes on, and stays this process's. */
  abstract rest(queue: string): Promise<void>;
  /** Ends all; jobs that still run are left as if the process had died. */
  abstract close(): Promise<void>;
}
