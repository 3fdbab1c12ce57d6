import type { Readable, Writable } from 'node:stream';
import { GatehouseError } from '#errors';
import { contained } from '../contained.ts';
import { endings, type Ending } from './endings.ts';
import { LineReader } from './line-reader.ts';
import { Wire } from './wire.ts';

/** Whoever may stay no longer gets so long to take what was sent, as at a WebSocket. */
const FAREWELL_MS = 5_000;

export interface LineWireOptions {
  readable: Readable;
  writable: Writable;
  /** Of one line. */
  maxBytes: number;
}

/** One message a line (MCP, "stdio"): on a TCP connection, or on the standard input and output of a process. */
export class LineWire extends Wire {
  readonly #readable: Readable;
  readonly #writable: Writable;
  readonly #lines: LineReader;
  #partialSince: number | undefined;
  #isOpen = true;
  /** What comes is not looked at any more. */
  #isDeaf = false;
  #farewell: NodeJS.Timeout | undefined;
  #corked = false;
  #sent = 0;

  constructor({ readable, writable, maxBytes }: LineWireOptions) {
    super();
    this.#readable = readable;
    this.#writable = writable;
    this.#lines = new LineReader(maxBytes);
    const safely = (work: () => unknown) => contained(work, () => this.cut());
    readable.on('data', (chunk: Buffer) => safely(() => this.#read(chunk)));
    readable.once('end', () => safely(() => this.#isDeaf || this.reader.finished()));
    writable.on('drain', () => safely(() => this.reader.drained()));
    for (const stream of new Set([readable, writable])) stream.on('error', () => this.cut());
    writable.once('close', () => safely(() => this.#closed()));
  }

  override get open(): boolean {
    return this.#isOpen;
  }
  override get unread(): number {
    return this.#writable.writableLength;
  }
  override get taken(): number {
    return this.#sent - this.#writable.writableLength;
  }
  override get partialSince(): number | undefined {
    return this.#readable.isPaused() ? undefined : this.#partialSince;
  }

  /** So large may a line be from now on. */
  allow(maxBytes: number): void {
    this.#lines.maxBytes = maxBytes;
  }

  override send(text: string): void {
    if (!this.#isOpen) return;
    this.#cork();
    const line = `${text}\n`;
    this.#writable.write(line);
    this.#sent += Buffer.byteLength(line);
  }

  override pause(): void {
    this.#readable.pause();
  }

  override resume(): void {
    if (this.#partialSince !== undefined) this.#partialSince = performance.now();
    this.#readable.resume();
  }

  override end({ answers }: Ending): void {
    this.#isDeaf = true;
    this.#readable.resume(); // Or its end would never be seen.
    if (!this.#isOpen) return;
    this.#writable.end(() => this.cut());
    // Of answers, a client that reads slowly may take all.
    if (!answers) this.#farewell ??= setTimeout(() => this.cut(), FAREWELL_MS).unref();
  }

  override cut(): void {
    this.#isDeaf = true;
    this.#writable.destroy();
    this.#readable.destroy();
  }

  /** Answers that are ready in one turn leave in one packet. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#writable.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#writable.uncork();
    });
  }

  #read(chunk: Buffer): void {
    if (this.#isDeaf) return;
    let lines = 0;
    const isWhole = this.#lines.read(chunk, (line) => {
      lines++;
      this.reader.message(line);
    });
    if (!this.#lines.isPartial) this.#partialSince = undefined;
    else if (lines > 0 || this.#partialSince === undefined) this.#partialSince = performance.now();
    if (isWhole) return;
    this.#isDeaf = true;
    const { reason } = endings.tooLarge;
    this.reader.refused(new GatehouseError('PAYLOAD_TOO_LARGE', reason), endings.tooLarge);
  }

  #closed(): void {
    clearTimeout(this.#farewell);
    this.#isOpen = false;
    this.reader.closed();
  }
}
