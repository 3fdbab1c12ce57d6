import { Duplex } from 'node:stream';

/** What a session needs of the thread that serves it. */
export interface SessionHost {
  /** Calls `session.open()` once it is this session's turn. */
  enter(session: EmbeddedSession): void;
  leave(session: EmbeddedSession): void;
  send(messages: Uint8Array<ArrayBuffer>): void;
  ref(): void;
  unref(): void;
}

/** One connection to the embedded database, in the place of the socket that `pg` would open. */
export class EmbeddedSession extends Duplex {
  readonly #host: SessionHost;

  constructor(host: SessionHost) {
    super();
    this.#host = host;
  }

  connect(): void {
    this.#host.enter(this);
  }

  open(): void {
    // Later: pg listens for it only after it has called `connect`.
    setImmediate(() => this.destroyed || this.emit('connect'));
  }

  receive(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.destroyed) this.push(Buffer.from(bytes.buffer));
  }

  ref(): void {
    this.#host.ref();
  }

  unref(): void {
    this.#host.unref();
  }

  // Of a socket's life, but there is no wire here.
  setNoDelay(): void {}
  setKeepAlive(): void {}

  override _read(): void {}

  /** pg writes whole messages, and corks those of one query: they cross over to the thread together. */
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    const size = chunks.reduce((sum, { chunk }) => sum + chunk.length, 0);
    const messages = new Uint8Array(size);
    let at = 0;
    for (const { chunk } of chunks) {
      messages.set(chunk, at);
      at += chunk.length;
    }
    this.#host.send(messages);
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#host.leave(this);
    done(error);
  }
}
