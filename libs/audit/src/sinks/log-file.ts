import { mkdir, open, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { timeStamp } from '../time-stamp.ts';

export interface LogFileLimits {
  /** A file that would grow beyond this is set aside. */
  fileBytes: number;
  /** Files of this name that are kept, the current one included. */
  files: number;
  /** Days that a file is kept. */
  days: number;
}

/** Lines wait this long, or until there are so many, and are then written at once. */
const FLUSH_MS = 200;
const FLUSH_BYTES = 256 * 1024;
/** More than this may not wait: what comes then is dropped. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const DAY_MS = 86_400_000;

/**
 * A log that lines are appended to, and that is set aside by size and by day (UTC) as `NAME.TIME`. It may fail: then
 * lines are missing from it, it says so, and tries again.
 */
export class LogFile {
  readonly #path: string;
  readonly #limits: LogFileLimits;
  readonly #onFailure: (error: unknown) => void;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #file: FileHandle | undefined;
  #bytes = 0;
  #day = 0;

  constructor(path: string, limits: LogFileLimits, onFailure: (error: unknown) => void) {
    this.#path = path;
    this.#limits = limits;
    this.#onFailure = onFailure;
  }

  /** `text` is whole lines, in ASCII. */
  write(text: string): void {
    if (this.#waitingBytes > MAX_WAITING_BYTES)
      return this.#onFailure(new Error('the disk does not keep up'));
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
    if (this.#flushing) return;
    if (this.#waitingBytes >= FLUSH_BYTES) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Fulfilled when all that was written is in the file, or lost. */
  async flush(): Promise<void> {
    this.#flushing ??= this.#writeWaiting().finally(() => (this.#flushing = undefined));
    await this.#flushing;
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file?.close().catch(this.#onFailure);
    this.#file = undefined;
  }

  async #writeWaiting(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting.length > 0) {
      const bytes = Buffer.from(this.#waiting.join(''), 'latin1');
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        const file = await this.#fileFor(bytes.length);
        this.#bytes += bytes.length;
        await file.appendFile(bytes);
      } catch (error) {
        await this.#file?.close().catch(() => {});
        this.#file = undefined;
        this.#onFailure(error);
      }
    }
  }

  async #fileFor(bytes: number): Promise<FileHandle> {
    this.#file ??= await this.#open();
    const tooBig = this.#bytes > 0 && this.#bytes + bytes > this.#limits.fileBytes;
    if (!tooBig && (this.#bytes === 0 || this.#day === today())) return this.#file;
    await this.#file.close();
    this.#file = undefined;
    await rename(this.#path, `${this.#path}.${timeStamp(new Date())}`);
    return (this.#file = await this.#open());
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const file = await open(this.#path, 'a', 0o600);
    const { size, mtimeMs } = await stat(this.#path);
    this.#bytes = size;
    this.#day = size > 0 ? Math.floor(mtimeMs / DAY_MS) : today();
    await this.#removeOld();
    return file;
  }

  async #removeOld(): Promise<void> {
    const folder = dirname(this.#path);
    const name = `${basename(this.#path)}.`;
    const oldest = `${name}${timeStamp(new Date(Date.now() - this.#limits.days * DAY_MS))}`;
    const aside = (await readdir(folder)).filter((file) => file.startsWith(name) && STAMP.test(file)).sort();
    const tooMany = aside.slice(0, Math.max(0, aside.length - this.#limits.files + 1));
    const tooOld = aside.filter((file) => file < oldest);
    for (const file of new Set([...tooMany, ...tooOld])) await unlink(join(folder, file));
  }
}

const STAMP = /\.\d{8}T\d{9}Z$/;

function today(): number {
  return Math.floor(Date.now() / DAY_MS);
}
