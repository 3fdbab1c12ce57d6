import { constants, write } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** A file that only grows, but for what a failed append left behind. */
export abstract class AppendFile {
  /** Fulfilled when all the bytes are where they must be. After a rejection some of them may be there. */
  abstract append(bytes: Buffer): Promise<void>;
  /** Cuts the file to this length, durably. Rejects where it is shorter. */
  abstract cut(length: number): Promise<void>;
  abstract close(): Promise<void>;
}

export type OpenFile = (path: string) => Promise<AppendFile>;

/**
 * Linux makes a write to a file opened with O_DSYNC durable before it returns, exactly as write and fdatasync do
 * (open(2)): half the trips to the thread pool. Elsewhere the flag promises less than fdatasync.
 */
const DSYNC = process.platform === 'linux' ? constants.O_DSYNC : 0;
const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;

/** A file of the file system. */
export class FsAppendFile extends AppendFile {
  readonly #handle: FileHandle;
  readonly #sync: boolean;

  private constructor(handle: FileHandle, sync: boolean) {
    super();
    this.#handle = handle;
    this.#sync = sync;
  }

  /** Opens or makes a file whose appends survive a power failure. */
  static async durable(path: string): Promise<FsAppendFile> {
    return new FsAppendFile(await open(path, APPEND | DSYNC, 0o600), DSYNC === 0);
  }

  /** Opens or makes a file whose appends survive the end of the process only. */
  static async quick(path: string): Promise<FsAppendFile> {
    return new FsAppendFile(await open(path, APPEND, 0o600), false);
  }

  async append(bytes: Buffer): Promise<void> {
    // A write may stop short, where the disk is full for one: the next one says why.
    let done = await this.#write(bytes, 0);
    while (done < bytes.length) done += await this.#write(bytes, done);
    if (this.#sync) await this.#handle.datasync();
  }

  async cut(length: number): Promise<void> {
    const { size } = await this.#handle.stat();
    if (size < length) throw new Error(`it has ${size} bytes where ${length} were safe`);
    await this.#handle.truncate(length);
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** The callback form costs half of what `FileHandle.write` costs. */
  #write(bytes: Buffer, from: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#handle.fd, bytes, from, bytes.length - from, null, (error, written) => {
        if (error) reject(error);
        else resolve(written);
      });
    });
  }
}
