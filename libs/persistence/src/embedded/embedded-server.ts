import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PersistenceError } from '../persistence-error.ts';
import { EmbeddedSession, type SessionHost } from './embedded-session.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

const CLOSE_TIMEOUT_MS = 10_000;

/**
 * PGlite in a thread of its own, so that a long query stops nobody else, behind PostgreSQL's own protocol, so that one
 * driver serves both databases. It has one session at a time: the next connection waits until the last has ended.
 */
export class EmbeddedServer {
  readonly #worker: Worker;
  readonly #queue: EmbeddedSession[] = [];
  readonly #host: SessionHost = {
    enter: (session) => this.#enter(session),
    leave: (session) => this.#leave(session),
    send: (messages) => this.#tell(messages, [messages.buffer]),
    ref: () => this.#worker.ref(),
    unref: () => this.#worker.unref(),
  };
  /** Why nobody is served any more. */
  #over: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => this.#hear(message));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new Error('The embedded database has stopped')));
  }

  /** Opens the database in this folder, and makes it where it is missing. */
  static async start(folder: string): Promise<EmbeddedServer> {
    // .ts from the source (Node strips the types), .js from dist.
    const program = new URL(`./pglite.worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(program, { workerData: folder, execArgv: [] });
    const [first] = (await once(worker, 'message')) as [FromWorker];
    if (first === 'ready') return new EmbeddedServer(worker);
    await worker.terminate();
    const detail = typeof first === 'object' && 'failed' in first ? first.failed : 'it gave no reason';
    throw new PersistenceError(`The embedded database in ${folder} can't be opened: ${detail}`);
  }

  /** For the `stream` option of pg. */
  connect(): EmbeddedSession {
    return new EmbeddedSession(this.#host);
  }

  /** Waits for what runs, up to `timeoutMs`, writes everything down and ends the thread. */
  async close(timeoutMs = CLOSE_TIMEOUT_MS): Promise<void> {
    if (this.#over) return;
    this.#over = new Error('The embedded database is closed');
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.ref();
    this.#tell('close');
    // A query that does not end is cut off: to the database that is a killed process, and it recovers from that.
    const tired = setTimeout(() => void this.#worker.terminate(), timeoutMs);
    await ended;
    clearTimeout(tired);
  }

  #enter(session: EmbeddedSession): void {
    if (this.#over) {
      session.destroy(this.#over);
      return;
    }
    this.#worker.ref();
    if (this.#queue.push(session) === 1) session.open();
  }

  #leave(session: EmbeddedSession): void {
    const place = this.#queue.indexOf(session);
    // The one in front keeps its place until the thread has cleared up behind it.
    if (place > 0) this.#queue.splice(place, 1);
    else if (place === 0 && !this.#over) this.#tell('end-session');
  }

  #tell(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #hear(message: FromWorker): void {
    if (message instanceof Uint8Array) this.#queue[0]?.receive(message as Uint8Array<ArrayBuffer>);
    else if (message === 'session-ended') {
      this.#queue.shift();
      this.#queue[0]?.open();
    }
  }

  #fail(error: Error): void {
    this.#over ??= error;
    for (const session of this.#queue.splice(0)) session.destroy(this.#over);
  }
}
