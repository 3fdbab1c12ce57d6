import type { Worker } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import { EmbeddedSession, type SessionHost } from './embedded-session.ts';
import { startPgliteThread } from './pglite-thread.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

const CLOSE_TIMEOUT_MS = 10_000;
/** PGlite can't cancel a statement. One that nobody waits for any more may go on for this long. */
const ABANDONED_TIMEOUT_MS = 5_000;

/**
 * PGlite in a thread of its own, so that a long query stops nobody else, behind PostgreSQL's own protocol, so that one
 * driver serves both databases. It has one session at a time: the next connection waits until the last has ended.
 *
 * A thread that ends on its own (a full disk does that) or does not end a statement is given up, and the next session
 * gets a new one. To the database that is a killed process, and it recovers from that.
 */
export class EmbeddedServer {
  readonly #folder: string;
  readonly #queue: EmbeddedSession[] = [];
  readonly #logger = new Logger('Persistence');
  readonly #host: SessionHost = {
    enter: (session) => this.#enter(session),
    leave: (session) => this.#leave(session),
    send: (messages) => this.#tell(messages, [messages.buffer]),
    ref: () => this.#thread?.ref(),
    unref: () => this.#thread?.unref(),
  };
  #thread: Worker | undefined;
  #closed = false;
  #abandoned: NodeJS.Timeout | undefined;
  #endedBecause = '';

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the database in this folder, and makes it where it is missing. */
  static async start(folder: string): Promise<EmbeddedServer> {
    const server = new EmbeddedServer(folder);
    await server.#startThread();
    return server;
  }

  /** For the `stream` option of pg. */
  connect(): EmbeddedSession {
    return new EmbeddedSession(this.#host);
  }

  /** Waits for what runs, up to `timeoutMs`, writes everything down and ends the thread. */
  async close(timeoutMs = CLOSE_TIMEOUT_MS): Promise<void> {
    this.#closed = true;
    const thread = this.#thread;
    if (!thread) return;
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    thread.ref();
    this.#tell('close');
    const tired = setTimeout(() => void thread.terminate(), timeoutMs);
    await ended;
    clearTimeout(tired);
  }

  async #startThread(): Promise<void> {
    const thread = await startPgliteThread(this.#folder);
    this.#endedBecause = 'it ended without a word';
    thread.on('message', (message: FromWorker) => this.#hear(message));
    thread.on('error', (error) => (this.#endedBecause = error.message));
    thread.on('exit', () => this.#lose());
    this.#thread = thread;
    if (this.#closed) void thread.terminate(); // Closed while it started.
  }

  #enter(session: EmbeddedSession): void {
    if (this.#queue.push(session) === 1) void this.#serveNext();
  }

  async #serveNext(): Promise<void> {
    const [next] = this.#queue;
    if (!next) return;
    try {
      if (this.#closed) throw this.#hangUp();
      if (!this.#thread) await this.#startThread();
      if (next.destroyed) return this.#next(); // Its patience ended while the thread started.
      this.#thread?.ref();
      next.open();
    } catch (error) {
      this.#queue.shift();
      next.destroy(error as Error);
      void this.#serveNext();
    }
  }

  #leave(session: EmbeddedSession): void {
    const place = this.#queue.indexOf(session);
    if (place > 0) this.#queue.splice(place, 1);
    if (place !== 0 || !this.#thread || this.#closed) return;
    // The one in front keeps its place until the thread has cleared up behind it.
    this.#tell('end-session');
    this.#abandoned = setTimeout(() => this.#giveUp(), ABANDONED_TIMEOUT_MS).unref();
  }

  #giveUp(): void {
    this.#endedBecause = 'a statement that nobody waited for did not end';
    void this.#thread?.terminate();
  }

  #tell(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#thread?.postMessage(message, transfer);
  }

  #hear(message: FromWorker): void {
    if (message instanceof Uint8Array) this.#queue[0]?.receive(message as Uint8Array<ArrayBuffer>);
    else if (message === 'session-ended') this.#next();
  }

  #lose(): void {
    this.#thread = undefined;
    if (!this.#closed) {
      this.#logger.error(`The embedded database stopped, and is opened again: ${this.#endedBecause}`);
    }
    this.#queue[0]?.destroy(this.#hangUp());
    this.#next();
  }

  /** As pg knows it of a socket. */
  #hangUp(): Error {
    const how = this.#closed ? 'is closed' : 'has stopped';
    return Object.assign(new Error(`The embedded database ${how}`), { code: 'ECONNRESET' });
  }

  #next(): void {
    clearTimeout(this.#abandoned);
    this.#queue.shift();
    void this.#serveNext();
  }
}
