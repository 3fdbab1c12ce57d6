import { Logger } from '@nestjs/common';
import type { Job, JobEnd } from './job-queue.ts';

/** A job, and which handing out of it this is: a later one takes it from whoever has it. */
export interface Claim extends Job {
  readonly id: string;
  readonly retryCount: number;
}

/** Where the jobs of one queue come from. */
export interface JobSource {
  fetch(count: number): Promise<Claim[]>;
  settle(claim: Claim, end: JobEnd): Promise<void>;
  /** Keeps what runs, and takes back what others have left. */
  renew(claims: readonly Claim[]): Promise<void>;
}

export interface JobWorkerOptions {
  readonly concurrency: number;
  readonly renewMs: number;
}

/** For what other processes add, and for what comes back: what is added here is told. */
const LOOK_EVERY_MS = 2000;

/** Runs the jobs of one queue, so many at a time, in the order in which they come. */
export class JobWorker {
  readonly #running = new Set<Claim>();
  readonly #settling = new Set<Promise<void>>();
  readonly #logger = new Logger('Jobs');
  #run: ((job: Job) => Promise<JobEnd>) | undefined;
  #look: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #resting = true;
  #failing = false;

  constructor(
    private readonly source: JobSource,
    private readonly options: JobWorkerOptions,
  ) {}

  start(run: (job: Job) => Promise<JobEnd>): void {
    this.#run = run;
    this.#resting = false;
    this.#renewal = setInterval(() => void this.#renew(), this.options.renewMs).unref();
    this.nudge();
  }

  /** Looks for jobs now, or once more when it is at it. */
  nudge(): void {
    if (this.#resting) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#look);
    this.#looking = this.#fetch().finally(() => {
      this.#looking = undefined;
      if (this.#resting) return;
      if (this.#again) {
        this.#again = false;
        this.nudge();
      } else this.#look = setTimeout(() => this.nudge(), LOOK_EVERY_MS).unref();
    });
  }

  async rest(): Promise<void> {
    this.#resting = true;
    clearTimeout(this.#look);
    await this.#looking;
  }

  async close(): Promise<void> {
    await this.rest();
    clearInterval(this.#renewal);
    await Promise.allSettled(this.#settling);
  }

  async #fetch(): Promise<void> {
    const free = this.options.concurrency - this.#running.size;
    if (free <= 0) return;
    try {
      const claims = await this.source.fetch(free);
      this.#failing = false;
      for (const claim of claims) void this.#do(claim);
    } catch (error) {
      this.#complain('Jobs cannot be fetched', error);
    }
  }

  async #do(claim: Claim): Promise<void> {
    this.#running.add(claim);
    try {
      await this.#settle(claim, await this.#end(claim));
    } catch (error) {
      // It is handed out again when its lease is over, or after the next start.
      this.#complain('The end of a job could not be noted', error);
    } finally {
      this.#running.delete(claim);
      this.nudge();
    }
  }

  async #settle(claim: Claim, end: JobEnd): Promise<void> {
    const settling = this.source.settle(claim, end);
    this.#settling.add(settling);
    try {
      await settling;
    } finally {
      this.#settling.delete(settling);
    }
  }

  async #end(claim: Claim): Promise<JobEnd> {
    try {
      return await this.#run!(claim);
    } catch (error) {
      this.#complain('A job failed, and will be tried again', error);
      return 'again';
    }
  }

  async #renew(): Promise<void> {
    try {
      await this.source.renew([...this.#running]);
    } catch (error) {
      this.#complain('The leases of jobs could not be renewed', error);
    }
  }

  /** A database that is down is told of once, not every two seconds. */
  #complain(what: string, error: unknown): void {
    if (!this.#failing)
      this.#logger.warn(`${what}: ${error instanceof Error ? error.message : 'unknown reason'}`);
    this.#failing = true;
  }
}
