import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { JobQueue, type Job, type JobEnd } from '#jobs';
import { Database } from '#persistence';
import { Envelope } from '../envelope.ts';
import { isInForce } from '../keys/open-key-ring.ts';
import { KeyCounts, type RotationStatus } from './key-counts.ts';
import type { SealedRows } from './sealed-rows.ts';

const QUEUE = 'key-rotation';
/** At a time, so that nobody waits long for the embedded database meanwhile. */
const BATCH = 10;
const TELL_EVERY_MS = 10_000;
/** Replicas that still had the former key may have sealed by it since. */
const LOOK_EVERY_MS = 3_600_000;

/**
 * Seals anew, in the background, what another key than the one in force has sealed: after a rotation, and what is in clear
 * when it is to be sealed from now on. Which key a row is under says how far it has come, so it goes on after any
 * interruption. Of replicas with different keys only those with the key that was put in force last do it.
 */
@Injectable()
export class KeyRotation implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('Encryption');
  readonly #rows: SealedRows[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<unknown> = Promise.resolve();
  #working = false;
  #run: Promise<unknown> = Promise.resolve();
  #running = false;
  #stopping = false;

  constructor(
    private readonly database: Database,
    private readonly envelope: Envelope,
    private readonly queue: JobQueue,
  ) {}

  /** To be called before the program is up. */
  register(rows: SealedRows): void {
    this.#rows.push(rows);
  }

  async status(): Promise<RotationStatus> {
    const counts = await KeyCounts.of(this.#rows, this.envelope);
    const inForce = await isInForce(this.database, this.envelope.keyId);
    return { key: this.envelope.keyId, in_force: inForce, running: this.#running, ...counts.view() };
  }

  /** Sees to it that it is done, soon, by this process or another. Says whether there is anything to do. */
  async begin(): Promise<boolean> {
    const { pending, unknown } = await KeyCounts.of(this.#rows, this.envelope);
    if (unknown > 0)
      this.#logger.error(
        `${unknown} rows are sealed by keys that are not here: they open nowhere, nor are they found`,
      );
    if (pending === 0 || this.#stopping) return false;
    await this.#work();
    await this.database.kysely
      .transaction()
      .execute((transaction) => this.queue.add(QUEUE, this.envelope.keyId, transaction));
    this.queue.nudge(QUEUE);
    return true;
  }

  /** Does not wait: the program is up as soon without. */
  onApplicationBootstrap(): void {
    this.#look();
    this.envelope.onKeyChange(() => this.#look());
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await this.#looking;
    if (!this.#working) return;
    await this.queue.rest(QUEUE);
    await this.#run; // A batch at most: what is left goes on after the next start.
    await this.queue.close();
  }

  #look(): void {
    this.#looking = this.#looking
      .then(() => this.begin())
      .catch((error: unknown) => this.#logger.error(`Sealing anew can't begin: ${(error as Error).message}`));
  }

  async #work(): Promise<void> {
    await this.queue.open(QUEUE);
    if (this.#working) return;
    this.#working = true;
    this.queue.work(QUEUE, { concurrency: 1 }, (job) => this.#begun(job));
  }

  #begun(job: Job): Promise<JobEnd> {
    const run = this.#do(job);
    this.#run = run.catch(() => undefined);
    return run;
  }

  async #do({ key }: Job): Promise<JobEnd> {
    // With another key in force this process would undo what others do.
    if (!(await isInForce(this.database, this.envelope.keyId)))
      return key === this.envelope.keyId ? 'done' : 'again';
    this.#running = true;
    try {
      let ended = true;
      for (const rows of this.#rows) ended = (await this.#reseal(rows)) && ended;
      return ended ? 'done' : 'again';
    } finally {
      this.#running = false;
    }
  }

  /** Says false where it was stopped half way. */
  async #reseal(rows: SealedRows): Promise<boolean> {
    let [done, failed, told] = [0, 0, Date.now()];
    let next: string | undefined;
    do {
      if (this.#stopping || !(await isInForce(this.database, this.envelope.keyId))) return false;
      const batch = await rows.reseal(next, BATCH);
      done += batch.done;
      failed += batch.failed;
      next = batch.next;
      if (Date.now() - told < TELL_EVERY_MS) continue;
      told = Date.now();
      this.#logger.log(`${rows.name}: ${done} rows are sealed anew so far`);
    } while (next !== undefined);
    if (done > 0)
      this.#logger.log(`${rows.name}: ${done} rows are sealed anew, by key ${this.envelope.keyId}`);
    if (failed > 0)
      this.#logger.error(`${rows.name}: ${failed} rows do not open, and stay sealed as they are`);
    return true;
  }
}
