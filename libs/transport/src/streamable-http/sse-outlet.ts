import { Readable } from 'node:stream';
import type { Outlet, StreamEvent } from '#mcp';

/** A client that does not read what it is told is let go, before it fills our memory. */
const MOST_UNREAD_BYTES = 1_048_576;
const COMMENT = ':\n\n';

/** Keeps the streams of one door from being closed for their silence: one clock for all. */
export class KeepAlive {
  readonly #outlets = new Set<SseOutlet>();
  readonly #clock: NodeJS.Timeout;

  constructor(everyMs: number) {
    this.#clock = setInterval(() => this.#beat(), everyMs).unref();
  }

  watch(outlet: SseOutlet): void {
    this.#outlets.add(outlet);
    void outlet.closed.then(() => this.#outlets.delete(outlet));
  }

  close(): void {
    clearInterval(this.#clock);
    for (const outlet of this.#outlets) outlet.end();
  }

  #beat(): void {
    for (const outlet of this.#outlets) outlet.beat();
  }
}

/** Messages to one client as server-sent events (WHATWG HTML, "Server-sent events"), in the body of one answer. */
export class SseOutlet implements Outlet {
  readonly body = new Readable({ read: () => undefined });
  readonly closed: Promise<void>;
  /** The stream itself says so only when all of it was read, and breaks when more comes meanwhile. */
  #ended = false;

  constructor() {
    this.closed = new Promise((resolve) => this.body.once('close', resolve));
    this.body.once('error', () => undefined);
    // The headers leave with the first byte, and a client waits for them.
    this.body.push(COMMENT);
  }

  get open(): boolean {
    return !this.#ended && !this.body.destroyed;
  }

  /** Fastify reads nothing of it before the door says so. */
  get begun(): boolean {
    return this.body.readableFlowing !== null;
  }

  send({ id, data, retryMs }: StreamEvent): void {
    const head = `${id === undefined ? '' : `id: ${id}\n`}${retryMs === undefined ? '' : `retry: ${retryMs}\n`}`;
    this.#push(`event: message\n${head}data: ${data}\n\n`);
  }

  beat(): void {
    this.#push(COMMENT);
  }

  end(): void {
    if (!this.open) return;
    this.#ended = true;
    this.body.push(null);
  }

  #push(text: string): void {
    if (!this.open) return;
    if (this.body.readableLength + text.length > MOST_UNREAD_BYTES && this.body.readableLength > 0) {
      this.body.destroy();
    } else this.body.push(text);
  }
}
