import type { SegmentStore } from './segment-store.ts';

/** So that a disk that hangs can't fill the memory. */
const MAX_QUEUED_APPENDS = 1024;

/**
 * The files beside a journal that lives in the database. They hold nothing back, and may fail: then the copy ends
 * there, and is not resumed.
 */
export class LocalCopy {
  readonly #files: SegmentStore;
  readonly #onFailure: (error: unknown) => void;
  #queue: Promise<void> = Promise.resolve();
  #queued = 0;
  #failed = false;

  constructor(files: SegmentStore, onFailure: (error: unknown) => void) {
    this.#files = files;
    this.#onFailure = onFailure;
  }

  /** Does the work when all that was asked for before is done. Never rejects; nobody needs to wait for it. */
  async do(work: (files: SegmentStore) => Promise<unknown>): Promise<void> {
    if (this.#queued >= MAX_QUEUED_APPENDS) this.#fail(new Error('the disk does not keep up'));
    if (this.#failed) return;
    this.#queued++;
    this.#queue = this.#doAfter(this.#queue, work);
    await this.#queue;
  }

  async #doAfter(earlier: Promise<void>, work: (files: SegmentStore) => Promise<unknown>): Promise<void> {
    await earlier;
    try {
      if (!this.#failed) await work(this.#files);
    } catch (error) {
      this.#fail(error);
      await this.#files.close().catch(() => {});
    } finally {
      this.#queued--;
    }
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#onFailure(error);
  }
}
